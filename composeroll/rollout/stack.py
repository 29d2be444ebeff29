"""Everything a verb works on: the compose project, and the rooms that answer for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from composeroll.config.project import Project, Service
from composeroll.config.settings import Pull
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


@dataclass(frozen=True, slots=True)
class Stack:
    """A compose project with everything that can be asked of it and done to it."""

    project: Project
    engine: Engine
    images: Images
    survey: Survey
    world: World
    locate: Locate
