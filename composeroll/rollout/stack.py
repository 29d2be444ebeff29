"""Everything a verb works on: the compose project, and the rooms that answer for it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from composeroll.config.project import Project, Service
from composeroll.config.settings import Pull
from composeroll.rollout.lock.note import Memory
from composeroll.rollout.observe import Engine, Survey
from composeroll.rollout.preflight import Locate
from composeroll.rollout.world import World


class Images(Protocol):
    """Where images come from."""

    def pull(self, services: Sequence[Service], policy: Pull) -> None:
        """Get the services' images from their registry, as `policy` says.

        Raises:
            EngineUnreachable: a registry does not answer.
            Refused: a registry does not have the image, or does not give it.
        """
        ...

    def moved(self, services: Sequence[Service]) -> frozenset[str]:
        """The services whose reference names another image in the registry than on the engine."""
        ...


class Locks(Protocol):
    """The locks of the project's services."""

    def hold(self, services: Sequence[str], patience: float) -> AbstractContextManager[Memory]:
        """Hold the services' locks, waiting `patience` seconds for whoever has them.

        What comes out is what broken rollouts of them left to do.

        Raises:
            Locked: somebody has one.
        """
        ...

    def remember(self, memory: Memory) -> Memory:
        """Write down what is to be done; what comes back includes what a broken rollout left."""
        ...

    def leave_to_others(self) -> None:
        """Keep what a broken rollout left for the next one, instead of forgetting it at the end."""
        ...

    def describe(self) -> tuple[str, ...]:
        """Who holds which service, a sentence each."""
        ...

    def break_open(self, services: Sequence[str]) -> tuple[str, ...]:
        """Take the services' locks away from whoever has them; a sentence for each."""
        ...


class NoLocks:
    """For a world with one inhabitant, who never forgets."""

    def hold(self, services: Sequence[str], patience: float) -> AbstractContextManager[Memory]:
        """Nobody else is there."""
        del services, patience
        return nullcontext(Memory())

    def remember(self, memory: Memory) -> Memory:
        """What is to be done is all there is."""
        return memory

    def leave_to_others(self) -> None:
        """Nobody else is there."""

    def describe(self) -> tuple[str, ...]:
        """Nobody holds anything."""
        return ()

    def break_open(self, services: Sequence[str]) -> tuple[str, ...]:
        """There is nothing to break."""
        del services
        return ()


@dataclass(frozen=True, slots=True)
class Stack:
    """A compose project with everything that can be asked of it and done to it."""

    project: Project
    engine: Engine
    images: Images
    survey: Survey
    world: World
    locate: Locate
    locks: Locks = field(default_factory=NoLocks)
