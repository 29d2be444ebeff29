"""Let old replicas drain on after the rollout."""

from __future__ import annotations

from composeroll.config.durations import format_duration
from composeroll.model import Replica
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class DetachReplicas(Step, frozen=True):
    """Set the old replicas aside: nobody counts them any more, and a later run retires them.

    Attributes:
        timeout: seconds after which they are retired in any case.
    """

    replicas: tuple[Replica, ...]
    timeout: float

    def __str__(self) -> str:
        return f"leave {names(self.replicas)} to drain for up to {format_duration(self.timeout)}"

    def do(self, world: World) -> None:
        """By full ID; what the engine would start again after a reboot has nothing left to end.

        Last of all the name: by it the next run no longer sees them, and would do the rest never.
        """
        world.engine.forbid_restart(ids(self.replicas))
        world.engine.set_aside(self.replicas, self.timeout)
