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
    """Wait until every incoming replica has proved ready.

    Attributes:
        may_end: whether a replica may end with success instead, for example a migration.
        outdated: full IDs of replicas that may stay outdated: they are probed where nginx knows
            them.
        old_route: the route to these.
    """

    incoming: Incoming
    route: Route | None
    settings: Ready
    may_end: bool = False
    outdated: frozenset[str] = frozenset()
    old_route: Route | None = None

    def __str__(self) -> str:
        return f"await {self.incoming.service} ready"

    def do(self, world: World) -> None:
        """Probe them in parallel; fail with the first that dies.

        Raises:
            NotReady: one died, or did not prove ready in time.
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
        old = tuple(r for r in waiting if r.id in self.outdated and self.old_route != self.route)
        new = tuple(r for r in waiting if r not in old)
        for side, way in ((new, self.route), (old, self.old_route)):
            if side:
                world.readiness.await_ready(side, way, self.settings)

    def _unproven(self, world: World) -> tuple[Replica, ...]:
        """All of them, except those that ended with success if `may_end` is set."""
        if not self.may_end:
            return self.incoming.look_up_running(world)
        everyone = world.engine.replicas([self.incoming.service])
        ended = {r.id for r in everyone if r.finished} - self.incoming.excluded
        least = self.incoming.least - len(ended)
        if ended and least <= 0:
            return ()
        others = self.incoming.excluded | ended
        return replace(self.incoming, excluded=others, least=least).look_up_running(world)
