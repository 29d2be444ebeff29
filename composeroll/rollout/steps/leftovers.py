"""Clear what an earlier, broken rollout left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from composeroll.model import Replica
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


@dataclass(frozen=True, slots=True)
class RemoveLeftovers(Step):
    """Remove containers of the service that do not run; volumes of theirs are kept."""

    comes_back: ClassVar[bool] = False

    service: str
    replicas: tuple[Replica, ...]

    def __str__(self) -> str:
        return f"remove leftovers of {self.service}: {names(self.replicas)}"

    def do(self, world: World) -> None:
        """Stop what the engine keeps restarting, then remove."""
        world.engine.forbid_restart(ids(self.replicas))
        world.engine.stop(ids(self.replicas), 0)
        world.engine.remove(ids(self.replicas), volumes=False)
