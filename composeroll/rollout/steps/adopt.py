"""Go on with what a broken rollout had begun, and clear it away where that fails."""

from __future__ import annotations

from composeroll.model import Replica
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World


class AdoptReplicas(Step, frozen=True):
    """Take over replicas that a broken rollout had started and that get no requests yet.

    Attributes:
        replicas: those; they are new, so the way back removes them as it does its own.
        back: their service's upstream, None where it has none.
        timeout: seconds the way back waits for requests that they may have.
    """

    replicas: tuple[Replica, ...]
    back: Switch | None
    timeout: float

    def __str__(self) -> str:
        return f"adopt {names(self.replicas)}"

    def do(self, world: World) -> None:
        """They run already."""

    def undo(self, world: World) -> None:
        """Remove them, once nginx has been told again: it may run something newer than its files.

        Raises:
            GatewayError: nginx did not take that; they stay.
        """
        if self.back:
            self.back.lead_back(world, self.timeout)
        world.engine.forbid_restart(ids(self.replicas))
        world.engine.stop(dict.fromkeys(ids(self.replicas)))
        world.engine.remove(ids(self.replicas), volumes=True)
