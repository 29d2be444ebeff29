"""nginx that is not in the network of its edge: never started there, or left behind. Pure.

Up to version 28 an engine that starts, as after a reboot, starts the containers in any order, and
gives up one whose network belongs to another that does not run yet (moby/moby#50326, mended in 29
by #50327). And one that runs while its edge is restarted stays in the namespace that the edge had,
which leads nowhere any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from composeroll.model import Replica
from composeroll.rollout.survey.reach import host_of

NOT_JOINED = "cannot join network"
"""How the engine's words begin (moby, `daemon/container_operations.go`)."""


def given_up(container: Replica, replicas: Sequence[Replica]) -> bool:
    """Whether the engine could not start it again for want of its edge, which runs by now.

    One that has never run is left alone: a rollout that was killed has made it, and proven nothing.
    """
    edge = host_of(container, replicas)
    ran = bool(container.started_at) and not container.running
    meant = ran and container.restart_policy != "no"
    return bool(edge and edge.running and meant and container.error.startswith(NOT_JOINED))


def is_left_behind(
    container: Replica, replicas: Sequence[Replica], cut_off: Callable[[Replica, Replica], bool]
) -> bool:
    """Whether it lives on in a namespace that its edge has left; `cut_off` looks, if need be."""
    edge = host_of(container, replicas)
    return bool(edge and may_be_left_behind(container, replicas) and cut_off(container, edge))


def is_orphaned(container: Replica, replicas: Sequence[Replica], edge: str) -> bool:
    """Whether it lives in the network of a container of service `edge` that is no more.

    Only compose can help it: it takes such a one for outdated, and makes it anew.
    """
    shared = container.network_mode.startswith("container:")
    return bool(edge) and shared and host_of(container, replicas) is None


def may_be_left_behind(container: Replica, replicas: Sequence[Replica]) -> bool:
    """Whether its edge was started after it. A clock that was set meanwhile tells the same lie."""
    edge = host_of(container, replicas)
    return bool(edge and edge.running and container.running and container.started_before(edge))
