"""Bring up new replicas next to the old ones."""

from __future__ import annotations

from dataclasses import dataclass

from composeroll.errors import EngineError
from composeroll.model import Replica
from composeroll.rollout.steps.sets import count, ids
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World

# a compose that was killed may still have a creation under way in the engine
SWEEPS = 3


def newcomers(world: World, service: str, keep: frozenset[str]) -> tuple[Replica, ...]:
    """The containers of a service that are not in `keep`: the set difference, by full ID."""
    return tuple(r for r in world.engine.replicas([service]) if r.id not in keep)


@dataclass(frozen=True, slots=True)
class CreateReplicas(Step):
    """Have compose create new containers, and check that each has the wanted image.

    Attributes:
        count: how many are new.
        total: what compose scales to: all that run, and the new ones.
        keep: full IDs of the containers that were there before.
        image: the image ID that new containers must have, empty where it cannot be known.
    """

    service: str
    count: int
    total: int
    keep: frozenset[str]
    image: str

    def __str__(self) -> str:
        return f"create {count(self.count)} of {self.service}"

    def do(self, world: World) -> None:
        """Create without starting: starts are serial inside compose, and side by side with us.

        Raises:
            EngineError: there are not as many as wanted, or one has another image.
        """
        world.engine.create({self.service: self.total})
        made = newcomers(world, self.service, self.keep)
        if len(made) != self.count:
            raise EngineError(
                f"compose made {count(len(made))} of {self.service}, not {self.count}"
            )
        wrong = [r for r in made if self.image and r.image != self.image]
        if wrong:
            raise EngineError(f"{wrong[0].name} was made from {wrong[0].image}, not {self.image}")

    def undo(self, world: World) -> None:
        """Remove whatever was not there before."""
        for _ in range(SWEEPS):
            made = newcomers(world, self.service, self.keep)
            if not made:
                return
            world.engine.forbid_restart(ids(made))
            world.engine.stop(ids(made), None)
            world.engine.remove(ids(made), volumes=True)


@dataclass(frozen=True, slots=True)
class StartReplicas(Step):
    """Start the new containers, side by side."""

    service: str
    keep: frozenset[str]

    def __str__(self) -> str:
        return f"start the new replicas of {self.service}"

    def do(self, world: World) -> None:
        """Start them all; undoing their creation stops them again."""
        world.engine.start(ids(newcomers(world, self.service, self.keep)))
