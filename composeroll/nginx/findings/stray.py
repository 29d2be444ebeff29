"""Findings about ways to a service's replicas that a rollout does not rewrite. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Server, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.passes import ANY_PORT, Pass
from composeroll.nginx.configuration.upstreams import UpstreamBlock, host_and_port
from composeroll.nginx.discovery.claims import passes_to, ports_of
from composeroll.nginx.discovery.discovery import Found, Subject, direct_passes
from composeroll.nginx.discovery.refusals import by_loopback
from composeroll.nginx.include import written_by

OF_SCHEMES = frozenset({80, 443})
"""The possible ports of a pass that names none."""

USE_VARIABLE = "let it name the host by a variable, so that a `resolver` looks it up each time"


def stray_findings(
    configuration: Configuration, subject: Subject, found: Found
) -> tuple[Finding, ...]:
    """Return the findings about other places in nginx that lead to this service's replicas.

    A reload during a rollout looks names up while old and new replicas both have them, and nginx
    keeps all these addresses after the old replicas are removed.
    """
    return (
        *_other_upstreams(configuration, subject, found),
        *_straight(configuration, subject, found),
        *_chosen_otherwise(configuration, subject, found),
    )


def moved_findings(
    configuration: Configuration, subject: Subject, found: Found
) -> Iterator[Finding]:
    """Yield a warning for each upstream of another service with addresses that are now this one's.

    Containers may swap addresses at a reboot. Requests then reach the wrong service, also without a
    rollout of this one.
    """
    for block in configuration.upstreams:
        owner = "" if _is_at(found, block) else _other_owner(configuration, block, subject)
        if owner:
            yield Finding(
                Severity.WARNING,
                f"upstream {block.upstream.name} ({block.place}) of {owner} names addresses that"
                f" are {subject.service}'s by now",
                f"`composeroll sync {owner}`",
            )


def unseen_findings(configuration: Configuration, subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each way whose target is known only at a request.

    It may be the service, to which nothing else in nginx leads.
    """
    for one in configuration.passes:
        if "$" in one.target and (one.port is None or one.port in subject.exposed):
            yield Finding(
                Severity.WARNING,
                f"{one.directive} ({one.place}) goes wherever {one.target} says at each request: if"
                f" that is {subject.service}, its replicas are replaced while they have requests",
                f"pass to an upstream of {subject.service}; if it never is, set"
                f" services.{subject.service}.x-composeroll.gateway: none",
            )
    for block in configuration.upstreams:
        if block.balancer and passes_to(configuration, block):
            yield Finding(
                Severity.WARNING,
                f"upstream {block.upstream.name} ({block.place}) leads where {block.balancer} says:"
                f" if that is {subject.service}, its replicas are replaced while they have"
                " requests",
                f"give {subject.service} an upstream with `server` lines alone; where it is never"
                f" meant, set services.{subject.service}.x-composeroll.gateway: none",
            )


def _other_upstreams(
    configuration: Configuration, subject: Subject, found: Found
) -> Iterator[Finding]:
    for block in configuration.upstreams:
        mine = [s for s in block.upstream.servers if _leads_to(s, subject)]
        if not mine or _is_at(found, block):
            continue
        fixed = any("resolve" not in s.parameters for s in mine)
        if any(_address(s) in subject.addresses for s in mine):
            if not _other_owner(configuration, block, subject):
                yield _not_rewritten(configuration, block, subject, found)
        elif passes_to(configuration, block):
            forgotten = _not_rewritten(configuration, block, subject, found)
            yield forgotten if fixed else _resolved(configuration, block, subject, found)


def _straight(configuration: Configuration, subject: Subject, found: Found) -> Iterator[Finding]:
    """Yield a finding for each pass straight to the service.

    A pass with a variable to another port than the rewritten upstream's yields none: the upstream
    could not replace it.
    """
    for one in direct_passes(configuration, subject):
        ports = OF_SCHEMES if one.port is None else {one.port}
        same = one.port == ANY_PORT or found.port in ports
        if not one.takes_upstream:
            severity = Severity.REFUSAL if same else Severity.WARNING
            yield _fixed_addresses(
                severity, one, _by_itself(one, found) if same else _separate_service(one.port or 80)
            )
            continue
        if same and one.variable:
            yield _resolved_by_name(f"{one.directive} ({one.place})", subject, _instead(found))
        elif same:
            yield _fixed_addresses(Severity.REFUSAL, one, _instead(found))
        elif not one.variable:
            yield _fixed_addresses(Severity.WARNING, one, USE_VARIABLE)


def _chosen_otherwise(
    configuration: Configuration, subject: Subject, found: Found
) -> Iterator[Finding]:
    for block in configuration.upstreams:
        if block.balancer and _is_at(found, block):
            yield Finding(
                Severity.WARNING,
                f"{block.balancer} in upstream {block.upstream.name} ({block.place}) tells whom"
                f" nginx asks: whether that is the replicas of {subject.service} that a rollout"
                " writes there, nobody knows",
                "remove it, or make sure that it uses the `server` lines",
            )


def _leads_to(server: Server, subject: Subject) -> bool:
    host = _address(server)
    return "down" not in server.parameters and (host in subject.addresses or subject.named(host))


def _address(server: Server) -> str:
    return host_and_port(server.address)[0]


def _is_at(found: Found, block: UpstreamBlock) -> bool:
    """Return whether an upstream is the one that was found for the service.

    `http` and `stream` may each have an upstream of the same name, in different files.
    """
    return (block.upstream.name, block.place.file) == (found.upstream.name, found.include)


def _other_owner(configuration: Configuration, block: UpstreamBlock, subject: Subject) -> str:
    """Return the other service of the project whose file names this one only by addresses.

    The file's first line says which service it belongs to; empty if it is not another service's.
    """
    project, service = written_by(configuration.files[block.place.file]) or ("", "")
    if project != subject.project or service not in subject.siblings:
        return ""
    mine = [s for s in block.upstream.servers if _leads_to(s, subject)]
    return service if mine and all(_address(s) in subject.addresses for s in mine) else ""


def _other_port(configuration: Configuration, block: UpstreamBlock, found: Found) -> int | None:
    """Return the port for which the rewritten upstream cannot replace this one, None if it can."""
    ports = sorted(ports_of(block))
    if ports and found.port not in ports:
        return ports[0]
    halves = {b.context for b in configuration.upstreams if _is_at(found, b)}
    return found.port if halves and block.context not in halves else None


def _by_itself(one: Pass, found: Found) -> str:
    return f"{by_loopback(one, found.upstream.name)}, and let the line name that"


def _instead(found: Found) -> str:
    return f"pass to {found.upstream.name} there instead"


def _not_rewritten(
    configuration: Configuration, block: UpstreamBlock, subject: Subject, found: Found
) -> Finding:
    other = _other_port(configuration, block, found)
    return Finding(
        Severity.REFUSAL,
        f"upstream {block.upstream.name} ({block.place}) names replicas of {subject.service}"
        " too, and is not rewritten",
        _looked_up(subject, other) if other else _instead(found),
    )


def _looked_up(subject: Subject, port: int) -> str:
    line = f"`server {subject.service}:{port} resolve;`"
    needs = "with a `zone` and a `resolver` (nginx 1.27.3 and newer)"
    return f"write {line} into it, {needs}, or {_separate_service(port)}"


def _separate_service(port: int) -> str:
    return f"put port {port} behind a separate service"


def _resolved(
    configuration: Configuration, block: UpstreamBlock, subject: Subject, found: Found
) -> Finding:
    other = _other_port(configuration, block, found)
    place = f"upstream {block.upstream.name} ({block.place})"
    return _resolved_by_name(place, subject, _separate_service(other) if other else _instead(found))


def _fixed_addresses(severity: Severity, one: Pass, advice: str) -> Finding:
    return Finding(
        severity,
        f"{one.directive} ({one.place}) goes straight to {one.target}: nginx keeps the"
        " addresses that it has looked up for that name, also when their replicas are removed",
        advice,
    )


def _resolved_by_name(place: str, subject: Subject, advice: str) -> Finding:
    """Return a warning for a way to the service by its name.

    Replacements by DNS alone lost between 2 and 33,827 requests.
    """
    return Finding(
        Severity.WARNING,
        f"{place} finds {subject.service} by its name, which replicas have before they are ready"
        " and while they stop",
        advice,
    )
