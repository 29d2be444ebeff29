"""Which replicas have to go, and why. Decided once per rollout, before anything changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from composeroll.engine.inspection import is_left_by_recreate
from composeroll.model import Replica
from composeroll.rollout.observing.observed import Observed, ServiceState

Reasons = Mapping[str, str]
"""Why a replica is outgoing, by its full ID."""

SCALED = "scaled to "
"""The prefix of the reason for a replica that goes without replacement."""

SECOND = f"{SCALED}1: compose was killed while it made it"


def outgoing(observed: Observed, *, force: bool = False) -> Reasons:
    """Return the outgoing replicas of all services.

    Args:
        observed: the snapshot.
        force: whether replicas that are up to date go too.
    """
    reasons: dict[str, str] = {}
    renewed: set[str] = set()
    for state in observed.services:
        own = _of_service(state, renewed, force=force)
        reasons |= own
        # nothing serves if compose was killed while recreating the container: it is recreated too
        if state.data_only and (own or not state.serving):
            renewed.add(state.name)
    return reasons


def _of_service(state: ServiceState, renewed: Collection[str], *, force: bool) -> Reasons:
    sources = [name for name in state.service.volumes_from if name in renewed]
    second = {r.id: SECOND for r in _second(state)}
    if force:
        return {r.id: "asked for by --force" for r in state.serving}
    if sources:
        return {r.id: f"its code in {sources[0]} is replaced" for r in state.serving}
    return second | {r.id: state.outdated[r.id] for r in state.serving if r.id in state.outdated}


def _second(state: ServiceState) -> list[Replica]:
    """Return containers left by a killed compose and started since, beside the named one."""
    passing = [r for r in state.serving if is_left_by_recreate(r.name)]
    return passing if state.service.has_container_name and len(state.serving) > len(passing) else []
