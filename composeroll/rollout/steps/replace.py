"""Let compose recreate a service in place, if old and new containers cannot run together."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.engine.inspection import is_left_by_recreate
from composeroll.errors import EngineError
from composeroll.model import Hook, Replica
from composeroll.report.wording import count_text
from composeroll.rollout.steps.hooks import run_stop_hooks
from composeroll.rollout.steps.sets import ids
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World


class ReplaceReplicas(Step, frozen=True):
    """Recreate a service's containers.

    Attributes:
        count: how many replicas it has.
        previous: the image ID it ran before.
        reference: the image reference that compose creates from.
        renew_volumes: whether anonymous volumes start from the new image. Otherwise compose reuses
            the old ones, and a code container would keep its old code.
        back: their upstream, which gets the addresses of the containers that `undo` recreates.
        definition: compose's hash of the definition it ran with; empty if unknown.
        grace: the service's own grace period.
        gap: whether the replacement interrupts service; not if the containers only hold data, or
            have ended.
        hooks: the service's `pre_stop` hooks, which compose does not run when it recreates.
    """

    service: str
    count: int
    previous: str
    reference: str
    renew_volumes: bool
    back: Switch | None = None
    definition: str = ""
    grace: float | None = None
    hooks: tuple[Hook, ...] = ()
    gap: bool = True

    def __str__(self) -> str:
        volumes = ", with new volumes" if self.renew_volumes else ""
        return f"replace {count_text(self.count, 'replica')} of {self.service} in place{volumes}"

    def do(self, world: World) -> None:
        """Have compose recreate them."""
        if self.hooks:
            old = world.engine.replicas([self.service])
            run_stop_hooks(world, self.service, old, self.hooks, self.grace)
        self._recreate(world)

    def undo(self, world: World) -> None:
        """Recreate them from their previous image, after the reference is tagged with it again.

        Raises:
            EngineError: what serves now is not what served before, which cannot be restored.
        """
        now = world.engine.replicas([self.service])
        if len(now) == self.count and all(map(self._is_as_before, now)):
            return
        if not self._by_digest:
            world.engine.tag(self.previous, self.reference)
        self._recreate(world)
        if self.renew_volumes:
            world.engine.remove_volumes([v for r in now for v in r.anonymous_volumes])
        made = world.engine.replicas([self.service])
        if self.back:
            self.back.name_again(world, made)
        self._require_previous(made)

    @property
    def _by_digest(self) -> bool:
        """Whether the reference is a digest, which cannot name another image."""
        return "@" in self.reference

    def _is_as_before(self, replica: Replica) -> bool:
        runs = replica.running or not self.gap
        settled = not is_left_by_recreate(replica.name)
        image_stays = replica.image == self.previous
        return settled and runs and image_stays and self._is_defined_as_before(replica)

    def _is_defined_as_before(self, replica: Replica) -> bool:
        return self.definition in ("", replica.config_hash)

    def _require_previous(self, made: Sequence[Replica]) -> None:
        """Check the result: compose recreates from the current file, whatever ran before."""
        if self._by_digest and any(r.image != self.previous for r in made):
            raise EngineError(
                f"the file names the image of {self.service} by its digest, and no other image can"
                " have that name: what serves has the new image and the new definition"
            )
        if not all(map(self._is_defined_as_before, made)):
            raise EngineError(
                f"the definition of {self.service} in the file, or a container that it takes"
                " volumes from, has changed since: what serves has the previous image with the"
                " new definition"
            )

    def _recreate(self, world: World) -> None:
        """Remove leftover successors first: compose needs their temporary names for new ones."""
        left = ids(left_beside(world.engine.replicas([self.service])))
        world.engine.stop(dict.fromkeys(left))  # `docker compose start` starts those too
        world.engine.remove(left, volumes=False)
        world.engine.recreate(self.service, self.count, renew_volumes=self.renew_volumes)


def left_beside(replicas: Sequence[Replica]) -> tuple[Replica, ...]:
    """Return successors from a broken replacement whose predecessor still exists.

    A successor without a predecessor stays: only it holds the anonymous volumes. It keeps its
    temporary name, to which the next broken replacement prepends another ID.
    """
    settled = {r.number for r in replicas if not is_left_by_recreate(r.name)}
    passing = (r for r in replicas if is_left_by_recreate(r.name))
    return tuple(r for r in passing if r.number in settled or _succeeds(r, replicas))


def _succeeds(successor: Replica, replicas: Sequence[Replica]) -> bool:
    """Whether its predecessor exists: compose puts its short ID (12 digits) before the name."""
    predecessor = successor.name.partition("_")[0]
    return any(r.id.startswith(predecessor) for r in replicas)
