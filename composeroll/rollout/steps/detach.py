"""Let old replicas keep draining after the rollout."""

from __future__ import annotations

from composeroll.config.durations import format_duration
from composeroll.model import Replica
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class DetachReplicas(Step, frozen=True):
    """Set the old replicas aside: rollouts no longer count them, and a later run retires them.

    Attributes:
        timeout: seconds after which they are retired in any case.
    """

    replicas: tuple[Replica, ...]
    timeout: float

    def __str__(self) -> str:
        return f"leave {names(self.replicas)} to drain for up to {format_duration(self.timeout)}"

    def do(self, world: World) -> None:
        """Forbid their restart, as after a reboot they have nothing to finish, and rename them.

        The rename comes last: it hides them from the next run, which could not do the rest.
        """
        world.engine.forbid_restart(ids(self.replicas))
        world.engine.detach(self.replicas, self.timeout)
