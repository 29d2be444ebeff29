"""Watch the new replicas for a while, as long as the old ones can still take over."""

from __future__ import annotations

from composeroll.config.durations import format_duration
from composeroll.rollout.steps.guard import Guard
from composeroll.rollout.steps.judge import GLANCE, Judge, Judged
from composeroll.rollout.steps.sets import Incoming
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class WatchIncoming(Step, frozen=True):
    """Watch for the time that `monitor` sets; a failure in it causes a rollback.

    Attributes:
        watched: the new replicas, which have to stay healthy.
        judged: the new replicas that are judged by their answers.
    """

    watched: tuple[Incoming, ...]
    seconds: float
    judged: tuple[Judged, ...] = ()

    def __str__(self) -> str:
        services = ", ".join(one.service for one in self.watched)
        return f"watch {services} for {format_duration(self.seconds)}"

    def do(self, world: World) -> None:
        """Follow the engine's events and nginx's log until the time is over.

        Raises:
            NotReady: a replica died, was restarted or turned unhealthy, or they answer with more
                5xx than allowed.
        """
        with world.events() as events:
            guard = Guard(world, self.watched)
            judges = [Judge(world, one) for one in self.judged]
            end = world.clock.now() + self.seconds
            while (now := world.clock.now()) < end:
                guard.heed_until(events, min(end, now + GLANCE) if judges else end)
                for judge in judges:
                    judge.look()
            guard.look()
            for judge in judges:
                judge.conclude()
