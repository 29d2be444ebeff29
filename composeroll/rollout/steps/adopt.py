"""Continue with replicas that a broken rollout started, and remove them if that fails."""

from __future__ import annotations

from composeroll.model import Replica
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World


class AdoptReplicas(Step, frozen=True):
    """Take over replicas that a broken rollout had started and that get no requests yet.

    Attributes:
        replicas: the adopted replicas; a rollback removes them like new ones.
        back: their service's upstream; None if it has none.
        timeout: seconds that a rollback waits for requests they may be serving.
    """

    replicas: tuple[Replica, ...]
    back: Switch | None
    timeout: float

    def __str__(self) -> str:
        return f"adopt {names(self.replicas)}"

    def do(self, world: World) -> None:
        """Do nothing: they run already."""

    def undo(self, world: World) -> None:
        """Remove them after another reload: the running nginx may be newer than its files.

        Raises:
            GatewayError: nginx did not accept its configuration; they stay.
        """
        if self.back:
            self.back.lead_back(world, self.timeout)
        world.engine.forbid_restart(ids(self.replicas))
        world.engine.stop(dict.fromkeys(ids(self.replicas)))
        world.engine.remove(ids(self.replicas), volumes=True)
