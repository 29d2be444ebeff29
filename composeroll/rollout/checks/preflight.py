"""Everything in a snapshot that would hurt a rollout, found before anything is touched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from composeroll.config.lifecycle import PRE_START
from composeroll.config.obstacles import Obstacle
from composeroll.errors import Refused
from composeroll.model import ContainerState, Finding, Locate, Severity
from composeroll.rollout.checks.beside import met
from composeroll.rollout.checks.gateway import gateway_findings, together
from composeroll.rollout.checks.probing import unanswerable
from composeroll.rollout.checks.redefined import redefined
from composeroll.rollout.checks.template import rendering
from composeroll.rollout.checks.volumes import unnamed
from composeroll.rollout.observed import Observed, ServiceState
from composeroll.rollout.planning.need import Need

OF_PORTS = ("ports", "network_mode")
"""What keeps a gateway from running twice unless an edge holds its ports: told in one sentence."""

NOT_SCALED: Mapping[str, int] = {}


def findings(
    observed: Observed,
    locate: Locate,
    leaving: Collection[str] = (),
    counts: Mapping[str, int] = NOT_SCALED,
    *,
    ahead: bool = False,
) -> tuple[Finding, ...]:
    """What stands in the way of a rollout, the refusals first.

    A store or an nginx that is up to date may stay what it is: a nightly `update --all` is not
    refused for it.

    Args:
        observed: the snapshot.
        locate: where a key of the compose file stands.
        leaving: full IDs of the replicas that would have to go.
        counts: how many replicas of a service are asked for, where they are.
        ahead: tell of what cannot run twice, too, where nothing of it is replaced now.
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
            *_shared_data(state, gaps[state.name]),
            *_running_twice(state, counts.get(state.name), locate, gaps[state.name]),
        )
    ]
    found += [f.about(s.name) for s in states for f in _scale(s, counts.get(s.name), locate)]
    found += [
        f.about(state.name)
        for state in states
        for f in met(observed.project, state, leaving, counts.get(state.name), locate)
    ]
    found += together(observed)
    found += redefined(observed)
    found += rendering(observed)
    found += [f.about(state.name) for state in states for f in unnamed(state, leaving)]
    return tuple(sorted(once(found), key=lambda f: f.severity is not Severity.REFUSAL))


def once(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """What is found of several services is one finding, about none of them."""
    kept: dict[Finding, Finding] = {}
    for finding in found:
        said = finding.about("")
        before = kept.setdefault(said, finding)
        if before.service != finding.service:
            kept[said] = said
    return tuple(kept.values())


def refuse(observed: Observed, found: Sequence[Finding]) -> None:
    """End here if anything found forbids the rollout.

    Raises:
        Refused: with every refusal and its mend.
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
    """How to accept one, for this service and no other: a flag holds for all of the call."""
    flag = "--order stop-first, or " if alone else ""
    return f"accept a gap with {flag}services.{state.name}.x-composeroll.order: stop-first"


def _of_service(state: ServiceState, leaving: Collection[str], gap: str) -> Iterator[Finding]:
    if state.refusal:
        yield _refusal(state.refusal.what, state.refusal.help or "")
    yield from _paused(state)
    yield from _passed_over(state, leaving, gap)
    yield from state.wiring.findings if state.wiring else state.unseen
    yield from unanswerable(state)
    yield from _mounted_code(state)


def _is_doubled(state: ServiceState, leaving: Collection[str], asked: int | None) -> bool:
    """Whether new replicas are to run beside others, or in their place."""
    need = Need.of(state, dict.fromkeys(leaving, ""), asked)
    return bool(need.missing or need.outgoing)


def _running_twice(
    state: ServiceState, asked: int | None, locate: Locate, gap: str
) -> Iterator[Finding]:
    """What keeps it from that; for a rollout alone a gap would do, or an edge, and not for good."""
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
    """Nobody serves, so there is nothing that a rollout could do without a gap."""
    return _refusal(
        f"{state.name} does not run, and lives in the network of {state.service.edge}, where a new"
        " one comes up beside one that serves",
        f"`docker compose up -d --no-deps {state.name}` starts it with the image of now",
    )


def _gets_along(state: ServiceState, obstacle: Obstacle) -> bool:
    """Whether a rollout of it needs no two at a time, or is told of this in another sentence."""
    told = state.tenants or (state.front and obstacle.key in OF_PORTS)
    return bool(state.data_only or state.stops_first or state.is_over or told)


def _shared_data(state: ServiceState, gap: str) -> Iterator[Finding]:
    """A store such as redis, doubled, would be two writers on one set of files.

    One whose place in nginx is refused may well get requests, by a unix socket for example.
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
    """What it writes to: named volumes, and where the host's directories stand in for them."""
    named = [f"volume {' and '.join(state.service.volumes)}"] if state.service.volumes else []
    bound = {m.source for r in state.serving for m in r.mounts if m.keeps_data}
    return " and ".join((*named, *sorted(bound)))


def _paused(state: ServiceState) -> Iterator[Finding]:
    for replica in state.replicas:
        if replica.state is ContainerState.PAUSED:
            what = f"{replica.name} is paused, and compose cannot scale a service with such a one"
            yield _refusal(what, f"docker unpause {replica.name}")


def _passed_over(state: ServiceState, leaving: Collection[str], gap: str) -> Iterator[Finding]:
    """Beside old replicas not even compose would run it; where only more are wanted, that is meant.

    What has a name of its own runs once at most: it is refused for that, or recreated by compose.
    """
    service, replaced = state.service, any(r.id in leaving for r in state.replicas)
    alone = state.stops_first or state.data_only or service.has_own_name
    if PRE_START not in service.done_at_start or alone or not (replaced and state.serving):
        return
    yield _refusal(
        f"compose runs the pre_start of {state.name} only where none of its containers runs:"
        " new ones beside the old ones would go without",
        "make it a service of its own, name it in the same rollout, and let"
        f" {state.name} depend on it with `condition: service_completed_successfully`; or {gap}",
    )


def _scale(state: ServiceState, asked: int | None, locate: Locate) -> Iterator[Finding]:
    declared, running = state.service.scale, len(state.serving) if asked is None else asked
    if running > (declared or 1) and not state.service.has_own_name:
        says = f"says {declared}" if declared is not None else "does not say how many"
        run = "run" if asked is None else "are to run"
        yield Finding(
            Severity.WARNING,
            f"{running} replicas of {state.name} {run}, but the file {says}:"
            " a plain `docker compose up -d` stops the others at once",
            _write_scale(state, running, locate),
        )


def _write_scale(state: ServiceState, running: int, locate: Locate) -> str:
    """In the form that the file has: with both of them compose refuses it."""
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
            f"{other} mounts the volumes of {state.name} and goes on seeing the old ones,"
            " which stay",
            f"keep {other} from mounting {state.name}, or afterwards, with a gap of its own:"
            f" `docker compose up -d --no-deps {other}`",
        )


def _refusal(what: str, help_: str) -> Finding:
    return Finding(Severity.REFUSAL, what, help_)
