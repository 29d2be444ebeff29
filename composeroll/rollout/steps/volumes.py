"""Remove volumes of code that no container mounts any more."""

from __future__ import annotations

from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class RemoveVolumes(Step, frozen=True):
    """Remove the anonymous volumes of replaced data-only containers.

    They are not removed together with a container that mounted them by `volumes_from`.
    """

    service: str
    volumes: tuple[str, ...]

    def __str__(self) -> str:
        names = ", ".join(name[:12] for name in self.volumes)
        return f"remove the old volumes of {self.service}: {names}"

    def do(self, world: World) -> None:
        """Remove them by name; a volume that a container still mounts stays."""
        world.engine.remove_volumes(self.volumes)
