"""Watch the new replicas for a while, with the old ones still there to go back to."""

from __future__ import annotations

from dataclasses import dataclass

from composeroll.config.durations import format_duration
from composeroll.errors import NotReady
from composeroll.model import ContainerEvent
from composeroll.rollout.steps.sets import Incoming
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World

UNHEALTHY = "health_status: unhealthy"


def concerns(event: ContainerEvent | None, watched: tuple[Incoming, ...]) -> bool:
    """Whether an event is bad news about a replica that gets requests."""
    return event is not None and any(
        event.service == one.service and event.id not in one.besides for one in watched
    )


@dataclass(frozen=True, slots=True)
class WatchIncoming(Step):
    """Wait out `monitor`; a new replica that dies in it ends the rollout, which is then undone."""

    watched: tuple[Incoming, ...]
    seconds: float

    def __str__(self) -> str:
        services = ", ".join(one.service for one in self.watched)
        return f"watch {services} for {format_duration(self.seconds)}"

    def do(self, world: World) -> None:
        """Follow the engine's events until the time is over.

        Raises:
            NotReady: a replica died or turned unhealthy.
        """
        end = world.clock.now() + self.seconds
        with world.events() as events:
            self._all_run(world)
            while (left := end - world.clock.now()) > 0:
                event = events.next(left)
                if concerns(event, self.watched):
                    self._all_run(world)
                    _insist_on_health(event)

    def _all_run(self, world: World) -> None:
        for one in self.watched:
            one.look_up_running(world)


def _insist_on_health(event: ContainerEvent | None) -> None:
    if event and event.action == UNHEALTHY:
        name = event.attributes.get("name", event.id[:12])
        raise NotReady(f"{name} turned unhealthy")
