"""Prove the new replicas before they get a single request."""

from __future__ import annotations

from msgspec.structs import replace

from composeroll.config.settings import Ready
from composeroll.errors import NotReady
from composeroll.model import Replica, Route
from composeroll.rollout.steps.sets import Incoming
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class AwaitReady(Step, frozen=True):
    """Wait until every incoming replica has proved that it answers.

    Attributes:
        may_end: whether one that ends well has done what it is for, as a migration has.
        outdated: full IDs of those that may stay outdated: they are asked where nginx knows them.
        told: the way to these.
    """

    incoming: Incoming
    route: Route | None
    settings: Ready
    may_end: bool = False
    outdated: frozenset[str] = frozenset()
    told: Route | None = None

    def __str__(self) -> str:
        return f"await {self.incoming.service} ready"

    def do(self, world: World) -> None:
        """Probe them side by side; the first that dies ends it.

        Raises:
            NotReady: one died, or did not prove itself in time.
        """
        while waiting := self._unproven(world):
            try:
                self._await(waiting, world)
            except NotReady:
                if not self.may_end or len(self._unproven(world)) == len(waiting):
                    raise
            else:
                world.proven.update({replica.id: replica for replica in waiting})
                return

    def _await(self, waiting: tuple[Replica, ...], world: World) -> None:
        old = tuple(r for r in waiting if r.id in self.outdated and self.told != self.route)
        new = tuple(r for r in waiting if r not in old)
        for side, way in ((new, self.route), (old, self.told)):
            if side:
                world.readiness.await_ready(side, way, self.settings)

    def _unproven(self, world: World) -> tuple[Replica, ...]:
        """All of them, but for what has ended well where it may."""
        if not self.may_end:
            return self.incoming.look_up_running(world)
        everyone = world.engine.replicas([self.incoming.service])
        ended = {r.id for r in everyone if r.finished} - self.incoming.besides
        least = self.incoming.least - len(ended)
        if ended and least <= 0:
            return ()
        others = self.incoming.besides | ended
        return replace(self.incoming, besides=others, least=least).look_up_running(world)
