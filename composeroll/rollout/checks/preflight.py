"""Find everything in a snapshot that would hurt a rollout, before anything changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from composeroll.config.lifecycle import PRE_START
from composeroll.config.obstacles import Obstacle
from composeroll.errors import Refused
from composeroll.model import ContainerState, Finding, Locate, Severity
from composeroll.report.wording import count_text
from composeroll.rollout.checks.provided import provided
from composeroll.rollout.checks.gateway import gateway_findings, shared_gap_findings
from composeroll.rollout.checks.limits import limit_findings
from composeroll.rollout.checks.probing import probe_findings
from composeroll.rollout.checks.redefined import redefinition_findings
from composeroll.rollout.checks.template import template_findings
from composeroll.rollout.checks.volumes import anonymous_volume_findings
from composeroll.rollout.observed import Observed, ServiceState
from composeroll.rollout.planning.need import Need

OF_PORTS = ("ports", "network_mode")
"""Obstacles that an edge removes from a gateway: `gateway_findings` reports them as one."""

NOT_SCALED: Mapping[str, int] = {}


def preflight_findings(
    observed: Observed,
    locate: Locate,
    leaving: Collection[str] = (),
    counts: Mapping[str, int] = NOT_SCALED,
    *,
    ahead: bool = False,
) -> tuple[Finding, ...]:
    """Return what would prevent or hurt a rollout, the refusals first.

    A data store or an nginx that is up to date is not refused, so that a nightly `update --all`
    can run.

    Args:
        observed: the snapshot.
        locate: returns where a key is in the compose file.
        leaving: full IDs of the replicas that would have to go.
        counts: how many replicas the user asked for, by service.
        ahead: whether to report services that cannot run twice even if nothing of them is replaced
            now.
    """
    states = observed.services
    doubled = {s.name for s in states if ahead or _is_doubled(s, leaving, counts.get(s.name))}
    gaps = {state.name: _gap(state, alone=len(states) == 1) for state in states}
    found = [
        f.about(state.name)
        for state in states
        for f in (
            *_of_service(state, leaving, gaps[state.name]),
            *gateway_findings(state, leaving, doubled=state.name in doubled),
        )
    ]
    found += [
        f.about(state.name)
        for state in states
        if state.name in doubled
        for f in (
            *provided(state),
            *_shared_data(state, gaps[state.name]),
            *_running_twice(state, counts.get(state.name), locate, gaps[state.name]),
        )
    ]
    found += [f.about(s.name) for s in states for f in _scale(s, counts.get(s.name), locate)]
    found += [f.about(s.name) for s in states if ahead or _goes(s, leaving) for f in _guests(s)]
    found += [
        f.about(state.name)
        for state in states
        for f in limit_findings(observed.project, state, leaving, counts.get(state.name), locate)
    ]
    found += shared_gap_findings(observed)
    found += redefinition_findings(observed)
    found += template_findings(observed)
    found += [
        f.about(state.name) for state in states for f in anonymous_volume_findings(state, leaving)
    ]
    return tuple(sorted(merged(found), key=lambda f: f.severity is not Severity.REFUSAL))


def merged(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Merge equal findings; one that concerns several services is about none in particular."""
    kept: dict[Finding, Finding] = {}
    for finding in found:
        said = finding.about("")
        before = kept.setdefault(said, finding)
        if before.service != finding.service:
            kept[said] = said
    return tuple(kept.values())


def refuse(observed: Observed, found: Sequence[Finding]) -> None:
    """Raise if a finding forbids the rollout.

    Raises:
        Refused: with every refusal and its fix.
    """
    for state in observed.services:
        if state.refusal:
            raise state.refusal
    refusals = [f for f in found if f.severity is Severity.REFUSAL]
    if refusals:
        first, *others = refusals
        evidence = tuple(f"{f.what}: {f.help}" if f.help else f.what for f in others)
        raise Refused(first.what, "nothing was touched", first.help or None, evidence)


def _gap(state: ServiceState, *, alone: bool) -> str:
    """Return how to accept a gap for this service only: a flag applies to all that are named."""
    flag = "--order stop-first, or " if alone else ""
    return f"accept a gap with {flag}services.{state.name}.x-composeroll.order: stop-first"


def _of_service(state: ServiceState, leaving: Collection[str], gap: str) -> Iterator[Finding]:
    if state.refusal:
        yield _refusal(state.refusal.what, state.refusal.help or "")
    yield from _paused(state)
    yield from _passed_over(state, leaving, gap)
    yield from state.wiring.findings if state.wiring else state.unseen
    yield from probe_findings(state)
    yield from _mounted_code(state)


def _is_doubled(state: ServiceState, leaving: Collection[str], asked: int | None) -> bool:
    """Return whether the rollout creates or removes replicas."""
    need = Need.of(state, dict.fromkeys(leaving, ""), asked)
    return bool(need.missing or need.outgoing)


def _running_twice(
    state: ServiceState, asked: int | None, locate: Locate, gap: str
) -> Iterator[Finding]:
    """Refuse what keeps a service from running twice.

    A gap or an edge is enough for a rollout, but not to run several replicas permanently.
    """
    for obstacle in state.service.obstacles:
        for_good = (asked or 1) > 1 and obstacle.key != "network_mode"
        if not for_good and _gets_along(state, obstacle):
            continue
        if obstacle.key == "network_mode" and _is_down_in_an_edge(state):
            yield _down_in_an_edge(state)
            continue
        where = locate(["services", state.name, *obstacle.key.split(".")])
        otherwise = "" if for_good else f", or {gap}"
        yield _refusal(
            f"{state.name} cannot run {f'{asked} times' if for_good else 'twice'}: {obstacle.why}",
            f"remove {obstacle.key}: {obstacle.value} ({where}){otherwise}",
        )


def _is_down_in_an_edge(state: ServiceState) -> bool:
    return bool(state.service.edge) and not any(r.running for r in state.replicas)


def _down_in_an_edge(state: ServiceState) -> Finding:
    """Refuse a service that does not run: a rollout could not avoid a gap."""
    return _refusal(
        f"{state.name} does not run; it shares the network of {state.service.edge}, where a rollout"
        " needs a running container to start the new one beside",
        f"`docker compose up -d --no-deps {state.name}` starts it with the current image",
    )


def _gets_along(state: ServiceState, obstacle: Obstacle) -> bool:
    """Return whether a rollout never runs two at a time, or another finding reports this."""
    reported = state.tenants or (state.front and obstacle.key in OF_PORTS)
    return bool(state.data_only or state.stops_first or state.is_over or reported)


def _shared_data(state: ServiceState, gap: str) -> Iterator[Finding]:
    """Refuse a second copy of a data store, for example redis: both would write the same files.

    A service whose place in nginx is refused does not count: it may get requests, for example by a
    unix socket.
    """
    alone, placed = state.stops_first or state.data_only, state.wiring or state.front
    doubted = state.refusal or any(f.severity is Severity.REFUSAL for f in state.unseen)
    stores = _stores(state)
    writing = stores and any(r.running for r in state.serving)
    if placed or doubted or alone or not writing:
        return
    yield _refusal(
        f"{state.name} gets no requests from nginx and writes to {stores}: old and new"
        " replicas would write to it at once",
        gap,
    )


def _stores(state: ServiceState) -> str:
    """Return the named volumes, and the host directories used instead, that it writes to."""
    named = [f"volume {' and '.join(state.service.volumes)}"] if state.service.volumes else []
    bound = {m.source for r in state.serving for m in r.mounts if m.keeps_data}
    return " and ".join((*named, *sorted(bound)))


def _paused(state: ServiceState) -> Iterator[Finding]:
    for replica in state.replicas:
        if replica.state is ContainerState.PAUSED:
            what = f"{replica.name} is paused, and compose cannot scale a service with a paused one"
            yield _refusal(what, f"docker unpause {replica.name}")


def _passed_over(state: ServiceState, leaving: Collection[str], gap: str) -> Iterator[Finding]:
    """Refuse a rollout that would skip `pre_start`, which compose does not run beside old replicas.

    Scaling up only is not refused: compose skips it there on purpose. A service with a
    `container_name` is refused for that, or compose recreates it.
    """
    service, replaced = state.service, _goes(state, leaving)
    alone = state.stops_first or state.data_only or service.has_container_name
    if PRE_START not in service.done_at_start or alone or not (replaced and state.serving):
        return
    yield _refusal(
        f"compose runs the pre_start of {state.name} only if none of its containers runs:"
        " new ones beside the old ones would start without it",
        "make it a separate service, name it in the same rollout, and let"
        f" {state.name} depend on it with `condition: service_completed_successfully`; or {gap}",
    )


def _scale(state: ServiceState, asked: int | None, locate: Locate) -> Iterator[Finding]:
    declared, running = state.service.scale, len(state.serving) if asked is None else asked
    if running > (1 if declared is None else declared) and not state.service.has_container_name:
        says = f"says {declared}" if declared is not None else "does not say how many"
        now, next_ = ("runs", "is to run") if running == 1 else ("run", "are to run")
        yield Finding(
            Severity.WARNING,
            f"{count_text(running, 'replica')} of {state.name} {now if asked is None else next_},"
            f" but the file {says}: a plain `docker compose up -d` stops the others at once",
            _write_scale(state, running, locate),
        )


def _write_scale(state: ServiceState, running: int, locate: Locate) -> str:
    """Return the line to write, in the form the file already uses: compose refuses both forms."""
    forms = {"scale": ["scale"], "deploy.replicas": ["deploy", "replicas"]}
    places = {key: locate(["services", state.name, *path]) for key, path in forms.items()}
    key = next((key for key, place in places.items() if ":" in place), "scale")
    begins = locate(["services", state.name])
    where = places[key] if ":" in places[key] else begins
    return f"services.{state.name}: {key}: {running} ({where})"


def _mounted_code(state: ServiceState) -> Iterator[Finding]:
    for other in state.unlisted:
        yield Finding(
            Severity.WARNING,
            f"{other} mounts the volumes of {state.name} and keeps seeing the old ones, which stay",
            f"let {other} mount no volumes of {state.name}; or, after the rollout and with a gap in"
            f" {other}: `docker compose up -d --no-deps {other}`",
        )


def _goes(state: ServiceState, leaving: Collection[str]) -> bool:
    return any(replica.id in leaving for replica in state.replicas)


def _guests(state: ServiceState) -> Iterator[Finding]:
    """The kernel kills what is in a process namespace whose first process ends."""
    for guest in state.guests:
        yield Finding(
            Severity.WARNING,
            f"{guest} shares the `pid` or `ipc` namespace of {state.name}, which goes when"
            f" {state.name} is replaced: with `pid` that kills {guest}",
            f"after the rollout: `docker compose up -d --no-deps {guest}`",
        )


def _refusal(what: str, help_: str) -> Finding:
    return Finding(Severity.REFUSAL, what, help_)
