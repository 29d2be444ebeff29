"""Let go of code that nobody mounts any more."""

from __future__ import annotations

from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class RemoveVolumes(Step, frozen=True):
    """Remove the anonymous volumes of replaced data-only containers.

    A container that took them over by `volumes_from` does not remove them when it goes.
    """

    service: str
    volumes: tuple[str, ...]

    def __str__(self) -> str:
        names = ", ".join(name[:12] for name in self.volumes)
        return f"remove the old volumes of {self.service}: {names}"

    def do(self, world: World) -> None:
        """By name; one that a container still mounts stays."""
        world.engine.remove_volumes(self.volumes)
