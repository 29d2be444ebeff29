"""Whether host ports and names are free for new replicas beside the old ones. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from composeroll.config.ports import PortRange
from composeroll.model import Finding, Locate, Severity
from composeroll.rollout.observing.observed import ServiceState
from composeroll.rollout.planning.need import Need


def limit_findings(
    project: str,
    state: ServiceState,
    leaving: Collection[str],
    asked: int | None,
    locate: Locate,
) -> Iterator[Finding]:
    """Yield a refusal for each such limit that a rollout would exceed.

    Args:
        project: the compose project's name.
        state: the service.
        leaving: full IDs of the replicas that would have to go.
        asked: how many replicas the service should have, None for as many as it has.
        locate: returns where a key is in the compose file.
    """
    need = Need.of(state, dict.fromkeys(leaving, ""), asked)
    if _side_by_side(need) and need.missing:
        every = need.missing + need.left_for_later
        yield from _ports(state, need.missing, Severity.REFUSAL, locate)
        yield from _names(project, state, every, Severity.REFUSAL)


def next_limit_findings(
    project: str, state: ServiceState, leaving: Collection[str], locate: Locate
) -> Iterator[Finding]:
    """Yield a warning for each limit that the next rollout will exceed, if none is due now."""
    need = Need.of(state, dict.fromkeys(leaving, ""))
    if _side_by_side(need) and not need.missing:
        batch = state.service.settings.batch.of(len(state.serving))
        yield from _ports(state, batch, Severity.WARNING, locate)
        yield from _names(project, state, batch, Severity.WARNING)


def _side_by_side(need: Need) -> bool:
    return not (need.stops_first or need.replaced_in_place)


def _ports(state: ServiceState, new: int, severity: Severity, locate: Locate) -> Iterator[Finding]:
    for ports in state.service.port_ranges:
        held = sum(any(port in ports for port in r.published) for r in state.serving)
        if ports.size < held + new:
            where = locate(["services", state.name, "ports"])
            yield Finding(
                severity,
                f"ports {ports} of {state.name} are {ports.size}, old replicas have {held} of them,"
                f" and {new} new ones need one each",
                _more_ports(ports, held, new, where),
            )


def _more_ports(ports: PortRange, held: int, new: int, where: str) -> str:
    wider = f"publish {ports.first}-{ports.first + held + new - 1} ({where})"
    free = ports.size - held
    return f"{wider}, or --batch {free}" if free > 0 else wider


def _names(project: str, state: ServiceState, new: int, severity: Severity) -> Iterator[Finding]:
    """Find taken names: compose counts on from the highest number, and its dry-run misses them.

    Leftovers of an interrupted rollout do not count: they go first. Replicas that still drain
    after their rollout do.
    """
    highest = max((r.number for r in state.serving), default=0)
    first = max(highest, state.highest_detached) + 1
    taken = state.taken | {r.name for r in state.serving}
    for number in range(first, first + new):
        name = f"{_prefix(project, state)}{number}"
        if name in taken:
            yield Finding(
                severity,
                f"compose will call a new replica of {state.name} {name}, and another container has"
                " that name",
                f"docker rename {name} NAME, or remove that container",
            )


def _prefix(project: str, state: ServiceState) -> str:
    """Return the prefix of its replicas' names; with `COMPOSE_COMPATIBILITY` it is `shop_app_`."""
    usual = [f"{project}{between}{state.name}{between}" for between in "-_"]
    names = [replica.name for replica in state.replicas]
    return next((p for p in usual if any(name.startswith(p) for name in names)), usual[0])
