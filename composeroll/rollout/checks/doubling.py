"""What keeps old and new replicas of a service from running side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.config.obstacles import Obstacle
from composeroll.model import Finding, Locate, Severity
from composeroll.rollout.observing.observed import ServiceState

OF_PORTS = ("ports", "network_mode")
"""Obstacles that an edge removes from a gateway: `gateway_findings` reports them as one."""


def doubling_findings(
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


def shared_data_findings(state: ServiceState, gap: str) -> Iterator[Finding]:
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


def _stores(state: ServiceState) -> str:
    """Return the named volumes, and the host directories used instead, that it writes to."""
    named = [f"volume {' and '.join(state.service.volumes)}"] if state.service.volumes else []
    bound = {m.source for r in state.serving for m in r.mounts if m.keeps_data}
    return " and ".join((*named, *sorted(bound)))


def _refusal(what: str, help_: str) -> Finding:
    return Finding(Severity.REFUSAL, what, help_)
