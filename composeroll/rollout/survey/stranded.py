"""An nginx that is not in the network of its edge: never started there, or left behind. Pure.

Up to version 28, an engine that starts, for example after a reboot, starts containers in any order
and gives up on one whose network belongs to a container that does not run yet (moby/moby#50326,
fixed in 29 by #50327). And an nginx that runs while its edge is restarted stays in the edge's
previous namespace, which no longer leads anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from composeroll.model import Replica
from composeroll.rollout.survey.reach import host_of

NOT_JOINED = "cannot join network"
"""How the engine's error begins (moby, `daemon/container_operations.go`)."""


def given_up(container: Replica, replicas: Sequence[Replica]) -> bool:
    """Return whether the engine failed to restart it since its edge did not run, but now does.

    A container that has never run does not count: a killed rollout made it and proved nothing.
    """
    edge = host_of(container, replicas)
    ran = bool(container.started_at) and not container.running
    meant = ran and container.restart_policy != "no"
    return bool(edge and edge.running and meant and container.error.startswith(NOT_JOINED))


def is_left_behind(
    container: Replica, replicas: Sequence[Replica], cut_off: Callable[[Replica, Replica], bool]
) -> bool:
    """Return whether it still runs in a namespace that its edge has left.

    `cut_off` is called only if its edge was started after it.
    """
    edge = host_of(container, replicas)
    return bool(edge and may_be_left_behind(container, replicas) and cut_off(container, edge))


def is_orphaned(container: Replica, replicas: Sequence[Replica], edge: str) -> bool:
    """Return whether it shares the network of a container of service `edge` that was removed.

    Only compose can repair this: it considers such a container outdated and recreates it.
    """
    shared = container.network_mode.startswith("container:")
    return bool(edge) and shared and host_of(container, replicas) is None


def may_be_left_behind(container: Replica, replicas: Sequence[Replica]) -> bool:
    """Return whether its edge was started after it, or seems so since the clock was changed."""
    edge = host_of(container, replicas)
    return bool(edge and edge.running and container.running and container.started_before(edge))
