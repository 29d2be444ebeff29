"""Wait until work that other services need is done: code copied, a database migrated."""

from __future__ import annotations

from composeroll.config.durations import format_duration
from composeroll.errors import NotReady
from composeroll.model import ContainerState, Replica
from composeroll.readiness.pace import SETTLE_UNASKED
from composeroll.rollout.observing.carrying import is_idle
from composeroll.rollout.steps.sets import Incoming, died, last_words
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World

LOOK = 1.0
"""Seconds between two checks, at most; the end of a container is an event, seen at once."""

DONE_WITHIN = 3600.0
"""The least number of seconds that a container gets to end: half a migration is worse than a long
one. Compose itself waits without a limit."""


class AwaitDone(Step, frozen=True):
    """Wait until every incoming replica has done its work; one that fails ends the rollout.

    Attributes:
        timeout: seconds it may take.
        retries: seconds in which its restart policy may start it again after a failure.
        ends: whether it is done only once it has ended; otherwise staying up for a while is enough.
        may_idle: whether a replica whose command only waits is done, too.
    """

    incoming: Incoming
    timeout: float
    retries: float
    ends: bool
    may_idle: bool = False

    def __str__(self) -> str:
        return f"await {self.incoming.service} done"

    def do(self, world: World) -> None:
        """Check after every engine event until no replica is at work.

        Raises:
            NotReady: one ended with a code other than 0, keeps doing so, or did not end in time.
        """
        began = world.clock.now()
        with world.events() as events:
            while at_work := self._at_work(world, world.clock.now() - began):
                left = began + self.timeout - world.clock.now()
                if left <= 0:
                    raise self._overdue(world, at_work[0])
                events.next(min(left, LOOK))

    def _at_work(self, world: World, seconds: float) -> tuple[Replica, ...]:
        everyone = self.incoming.members(world)
        if failed := [r for r in everyone if self._has_failed(r, seconds)]:
            raise died(world, self.incoming.service, failed)
        return tuple(r for r in everyone if not self._is_done(r, seconds))

    def _has_failed(self, replica: Replica, seconds: float) -> bool:
        again = replica.state is ContainerState.RESTARTING and seconds >= self.retries
        return bool(replica.exit_code) and (replica.over or again)

    def _is_done(self, replica: Replica, seconds: float) -> bool:
        if replica.running:
            stays = not self.ends and seconds >= min(SETTLE_UNASKED, self.timeout)
            return stays or (self.may_idle and is_idle(replica.command))
        return replica.state is ContainerState.EXITED

    def _overdue(self, world: World, replica: Replica) -> NotReady:
        waited = format_duration(self.timeout)
        return NotReady(
            f"{replica.name} has not ended after {waited}, and other services need its result",
            help="if it only needs longer, raise its ready.timeout (--ready-timeout):"
            f" services.{replica.service}.x-composeroll.ready.timeout",
            evidence=last_words(world, replica),
        )
