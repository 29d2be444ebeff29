"""Refuse a plan while old replicas drain that compose would replace with the rest."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.errors import Refused
from composeroll.rollout.detached_replica import DetachedReplica
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.steps import CreateReplicas, ReplaceReplicas
from composeroll.rollout.world import World


def in_the_way(world: World, observed: Observed, plan: Plan) -> Refused | None:
    """Return why a plan has to wait for draining replicas, None if it need not.

    Compose recreates all of a service's containers, by their labels, and creates one with a
    `container_name` only if it counts none.
    """
    replaced = tuple(_replaced(observed, plan))
    detached = world.engine.detached(replaced) if replaced else ()
    if not detached:
        return None
    names, services = _listed(detached)
    return Refused(
        f"{', '.join(names)} still {'drains' if len(names) == 1 else 'drain'} from an earlier"
        f" rollout, and compose would replace {'it' if len(names) == 1 else 'them'} too",
        "nothing that serves was touched",
        f"wait, or end it with `docker stop {' '.join(names)}`; then"
        f" `composeroll sync {' '.join(services)}` removes what has drained or ended",
    )


def _replaced(observed: Observed, plan: Plan) -> Iterator[str]:
    single = {state.name for state in observed.services if state.service.has_container_name}
    for step in plan.reversible:
        match step:
            case ReplaceReplicas(service=service):
                yield service
            case CreateReplicas(service=service) if service in single:
                yield service


def _listed(detached: tuple[DetachedReplica, ...]) -> tuple[list[str], list[str]]:
    names = [one.replica.name for one in detached]
    return names, sorted({one.replica.service for one in detached})
