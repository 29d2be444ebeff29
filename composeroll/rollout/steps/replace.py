"""Let compose recreate a service in place, where its containers cannot stand side by side."""

from __future__ import annotations

from dataclasses import dataclass

from composeroll.rollout.steps.sets import count
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


@dataclass(frozen=True, slots=True)
class ReplaceReplicas(Step):
    """Recreate a service's containers.

    Attributes:
        count: how many replicas it has.
        previous: the image ID it ran before.
        reference: the image reference that compose creates from.
        renew_volumes: whether anonymous volumes start from the new image. Compose hands the old
            ones on otherwise, and a code container would keep its old code.
    """

    service: str
    count: int
    previous: str
    reference: str
    renew_volumes: bool

    def __str__(self) -> str:
        volumes = ", with new volumes" if self.renew_volumes else ""
        return f"replace {count(self.count)} of {self.service} in place{volumes}"

    def do(self, world: World) -> None:
        """Have compose recreate them."""
        self._recreate(world)

    def undo(self, world: World) -> None:
        """Recreate them from the image they had, which becomes what the reference names again."""
        now = world.engine.replicas([self.service])
        if now and all(replica.image == self.previous for replica in now):
            return
        world.engine.tag(self.previous, self.reference)
        self._recreate(world)
        if self.renew_volumes:
            world.engine.remove_volumes([v for r in now for v in r.anonymous_volumes])

    def _recreate(self, world: World) -> None:
        world.engine.recreate(self.service, self.count, renew_volumes=self.renew_volumes)
