"""Remove what a crash or a broken rollout left."""

from __future__ import annotations

from typing import ClassVar

from composeroll.errors import NotReady
from composeroll.model import Replica
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class RemoveLeftovers(Step, frozen=True):
    """Remove containers of the service that do not run; keep their volumes."""

    reports_undo: ClassVar[bool] = False

    service: str
    replicas: tuple[Replica, ...]

    def __str__(self) -> str:
        return f"remove leftovers of {self.service}: {names(self.replicas)}"

    def do(self, world: World) -> None:
        """Stop containers that the engine keeps restarting, then remove all.

        Raises:
            NotReady: one of them runs now, perhaps at an address that nginx names.
        """
        self._require_none_running(world)
        world.engine.forbid_restart(ids(self.replicas))
        world.engine.stop(dict.fromkeys(ids(self.replicas), 0.0))
        world.engine.remove(ids(self.replicas), volumes=False)

    def _require_none_running(self, world: World) -> None:
        left = ids(self.replicas)
        for replica in world.engine.replicas([self.service]):
            if replica.running and replica.id in left:
                raise NotReady(f"{replica.name} runs again", help="run the same command again")
