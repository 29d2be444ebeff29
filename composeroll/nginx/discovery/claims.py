"""Which of nginx's upstreams belong to a service, by the strongest sign that any of them has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from composeroll.errors import Refused
from composeroll.model import Server
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.passes import ANY_PORT, Pass
from composeroll.nginx.configuration.upstreams import (
    DEFAULT_PORT,
    UpstreamBlock,
    host_and_port,
    is_name,
    ports_named,
)
from composeroll.nginx.discovery.subject import Subject, Wanted
from composeroll.nginx.include import DISCARD_PORT, written_by


class Claim(Struct, frozen=True):
    """An upstream with a sign that it belongs to the service, and that sign."""

    block: UpstreamBlock
    because: str


_Naming = tuple[UpstreamBlock, str, int | None]
_Rule = Callable[[Configuration, Subject, Wanted], Iterator[Claim]]


def claims(configuration: Configuration, subject: Subject, wanted: Wanted) -> tuple[Claim, ...]:
    """Return all upstreams with the strongest sign, empty if no upstream has a sign.

    Raises:
        Refused: a sign contradicts the ports that the service exposes, or fits another service too.
    """
    rules: tuple[_Rule, ...] = (_by_first_line, _by_address, _by_name, _by_comment, _by_port)
    for rule in rules:
        found = tuple(rule(configuration, subject, wanted))
        if found:
            return found
    return ()


def unclear(configuration: Configuration, subject: Subject) -> Iterator[UpstreamBlock]:
    """Yield upstreams without a sign that may be the service's, by their port and their names.

    Only the gateway knows what these names stand for.
    """
    for block in _of_its_port(configuration, subject):
        unknown = [host for host in _hosts(block) if not subject.may_have_been_address(host)]
        if unknown and all(map(subject.may_be_its_name, unknown)):
            yield block


def unclear_passes(configuration: Configuration, subject: Subject) -> Iterator[Pass]:
    """Yield passes straight to a name that may be the service's, with a port that it exposes."""
    blocks = configuration.upstreams
    for one in configuration.passes:
        straight = not any(one.uses(block.upstream.name, block.context) for block in blocks)
        unknown = is_name(one.target) and "$" not in one.target
        if straight and unknown and _fits(one, subject) and subject.may_be_its_name(one.target):
            yield one


def passes_to(configuration: Configuration, block: UpstreamBlock) -> tuple[Pass, ...]:
    """Return the pass directives that use an upstream."""
    name, context = block.upstream.name, block.context
    return tuple(p for p in configuration.passes if p.uses(name, context))


def ports_of(block: UpstreamBlock) -> frozenset[int]:
    """Return the ports of an upstream's servers, except those `down`, which are stand-ins."""
    return ports_named(_active(block))


def stand_in_ports(block: UpstreamBlock) -> frozenset[int]:
    """Return the ports of an upstream's servers that are `down`, except the discard port."""
    up = frozenset(_active(block))
    return ports_named(s for s in block.upstream.servers if s not in up) - {DISCARD_PORT}


def others_in(block: UpstreamBlock, subject: Subject) -> tuple[str, ...]:
    """Return an upstream's servers that are another service's, or elsewhere next to its own."""
    mixed = any(map(subject.owns, _active(block)))
    return tuple(
        server.address
        for server in _active(block)
        if subject.of_others(*host_and_port(server.address, DEFAULT_PORT))
        or (mixed and _is_foreign_host(server, subject))
    )


def _fits(one: Pass, subject: Subject) -> bool:
    """Return whether a pass may lead to a port that the service exposes."""
    ports = subject.exposed
    return bool(ports) if one.backend_port == ANY_PORT else one.backend_port in ports


def _is_foreign_host(server: Server, subject: Subject) -> bool:
    """Return whether a server is a host name that is not the service's.

    An address does not count, as it may have been a replica's; nor does a backup, as `check` warns
    if it would be lost.
    """
    usual = "backup" not in server.parameters
    return usual and is_name(server.address) and not subject.owns(server)


def _by_first_line(configuration: Configuration, subject: Subject, _: Wanted) -> Iterator[Claim]:
    for block in configuration.upstreams:
        if _owner(configuration, block) == (subject.project, subject.service):
            yield Claim(block, f"the first line of {block.place.file} names {subject.service}")


def _by_address(configuration: Configuration, subject: Subject, wanted: Wanted) -> Iterator[Claim]:
    """Yield upstreams with an address of the service and a port that it exposes.

    An address with another port is not a sign: containers may swap addresses at a reboot.
    """
    possible = {*subject.exposed, wanted.port}
    naming = [n for n in _unowned_servers(configuration) if n[1] in subject.addresses]
    fitting = [n for n in naming if not subject.exposed or n[2] in possible]
    if naming and not fitting:
        raise _not_its_port(subject, naming)
    for block, host in _first_of_each(fitting):
        yield Claim(block, f"it names {host}, an address of {subject.service}")


def _by_name(configuration: Configuration, subject: Subject, _: Wanted) -> Iterator[Claim]:
    naming = (n for n in _unowned_servers(configuration) if subject.named(n[1]))
    for block, host in _first_of_each(naming):
        yield Claim(block, f"it names {host}")


def _by_comment(configuration: Configuration, subject: Subject, _: Wanted) -> Iterator[Claim]:
    """Yield upstreams with a server whose comment begins with a name of the service.

    The gateway image writes `# SERVICE` after the addresses in its boot default.
    """
    for block in _unowned(configuration):
        words = {server.comment.partition(" ")[0] for server in block.upstream.servers}
        if any(map(subject.named, words)):
            yield Claim(block, f"a comment in it names {subject.service}")


def _by_port(configuration: Configuration, subject: Subject, _: Wanted) -> Iterator[Claim]:
    """Yield upstreams in use, of no service, with the single port that the service exposes.

    This is the last rule. A host name, or an address outside the subnets of the service's networks,
    rules an upstream out.
    """
    fitting = [
        block
        for block in _of_its_port(configuration, subject)
        if all(map(subject.may_have_been_address, _hosts(block)))
    ]
    if not fitting:
        return
    (port,) = subject.exposed
    if rivals := subject.rivals(port):
        raise _fits_others(subject, fitting, port, rivals)
    for block in fitting:
        yield Claim(block, f"it is the one upstream with port {port} that no service claims")


def _of_its_port(configuration: Configuration, subject: Subject) -> Iterator[UpstreamBlock]:
    """Yield upstreams in use, of no service, whose single port is the only one that it exposes."""
    ports = frozenset(subject.exposed)
    for block in _unowned(configuration):
        fits = len(ports) == 1 and ports_of(block) == ports and passes_to(configuration, block)
        if fits and not others_in(block, subject):
            yield block


def _owner(configuration: Configuration, block: UpstreamBlock) -> tuple[str, str] | None:
    return written_by(configuration.files[block.place.file])


def _unowned(configuration: Configuration) -> Iterator[UpstreamBlock]:
    return (b for b in configuration.upstreams if _owner(configuration, b) is None)


def _active(block: UpstreamBlock) -> Iterator[Server]:
    return (server for server in block.upstream.servers if "down" not in server.parameters)


def _hosts(block: UpstreamBlock) -> Iterator[str]:
    return (host_and_port(server.address, DEFAULT_PORT)[0] for server in _active(block))


def _unowned_servers(configuration: Configuration) -> Iterator[_Naming]:
    for block in _unowned(configuration):
        for server in _active(block):
            yield block, *host_and_port(server.address, DEFAULT_PORT)


def _first_of_each(naming: Iterable[_Naming]) -> Iterator[tuple[UpstreamBlock, str]]:
    hosts: dict[UpstreamBlock, str] = {}
    for block, host, _ in naming:
        hosts.setdefault(block, host)
    return iter(hosts.items())


def _not_its_port(subject: Subject, naming: list[_Naming]) -> Refused:
    ports = ", ".join(map(str, subject.exposed))
    return Refused(
        f"an upstream names an address of {subject.service} with a port that it does not expose"
        f" ({ports}): the address may have belonged to another container",
        help=f"if it does belong to {subject.service}, set x-composeroll.upstream and"
        " x-composeroll.port there; if not, name the upstream in the service it belongs to",
        evidence=tuple(
            f"{b.place}: upstream {b.upstream.name} names {h}:{p}" for b, h, p in naming
        ),
    )


def _fits_others(
    subject: Subject, fitting: list[UpstreamBlock], port: int, rivals: tuple[str, ...]
) -> Refused:
    both = ", ".join((subject.service, *rivals))
    return Refused(
        f"upstream {fitting[0].upstream.name} could belong to any service that exposes port"
        f" {port}: {both}",
        help="set x-composeroll.upstream in the service that it belongs to",
        evidence=tuple(f"{b.place}: upstream {b.upstream.name}" for b in fitting),
    )
