"""Create and start new replicas beside the old ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from composeroll.errors import EngineError
from composeroll.model import Replica
from composeroll.report.events import Noted
from composeroll.report.wording import count_text
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World

SWEEPS = 3
"""Removals until `undo` gives up: a killed compose may have a creation under way in the engine."""


class Before(Struct, frozen=True):
    """The containers that a service had before, to tell new ones apart.

    Attributes:
        ids: their full IDs.
        highest: their highest number. Compose gives new containers higher numbers; a container that
            a manual `up -d` recreates keeps its predecessor's number, and is not ours.
    """

    ids: frozenset[str]
    highest: int

    def newcomers(self, world: World, service: str) -> tuple[Replica, ...]:
        """Return what compose has created since: by full ID, and with a higher number."""
        everyone = world.engine.replicas([service])
        return tuple(r for r in everyone if r.id not in self.ids and r.number > self.highest)

    def is_gone(self, world: World, service: str) -> bool:
        """Return whether all old containers, and any recreated in their place, are gone."""
        numbers = [r.number for r in world.engine.replicas([service])]
        return bool(self.ids) and min(numbers, default=0) > self.highest


def before(replicas: Collection[Replica]) -> Before:
    """Record these replicas as the ones from before."""
    highest = max((r.number for r in replicas), default=0)
    return Before(frozenset(ids(replicas)), highest)


class CreateReplicas(Step, frozen=True):
    """Have compose create new containers, and check that each has the wanted image.

    Attributes:
        count: how many are new.
        total: what compose scales to: all that run, and the new ones.
        before: the containers that existed before.
        image: the image ID that new containers must have; empty if it cannot be known.
        back: the service's upstream; None if it has none.
        timeout: seconds that `undo` waits for requests that new replicas may be serving.
        by_name: whether nginx uses the service's name, and no replica ran that it could be pinned
            to: then the new replicas get requests as soon as they start.
    """

    service: str
    count: int
    total: int
    before: Before
    image: str
    back: Switch | None = None
    timeout: float = 0.0
    by_name: bool = False

    def __str__(self) -> str:
        return f"create {count_text(self.count, 'replica')} of {self.service}"

    def do(self, world: World) -> None:
        """Create without starting: compose starts containers serially, composeroll in parallel.

        Raises:
            EngineError: their number is wrong, or one has another image.
        """
        world.engine.create({self.service: self.total})
        made = self.before.newcomers(world, self.service)
        if len(made) != self.count:
            raise EngineError(
                f"compose made {count_text(len(made), 'replica')} of {self.service},"
                f" not {self.count}"
            )
        wrong = [r for r in made if self.image and r.image != self.image]
        if wrong:
            raise EngineError(f"{wrong[0].name} was made from {wrong[0].image}, not {self.image}")

    def undo(self, world: World) -> None:
        """Remove whatever was not there before.

        Raises:
            EngineError: all old containers were removed, so the new ones are all that is left; or
                another process scaled the service, so that it is unclear which containers are
                ours; or some cannot be removed.
        """
        seen: set[str] = set()
        for _ in range(SWEEPS):
            made = self.before.newcomers(world, self.service)
            if not made:
                return
            if self.before.is_gone(world, self.service):
                raise EngineError(f"somebody has removed what ran of {self.service} before")
            seen.update(ids(made))
            self._require_own(seen)
            self._lead_away_from(made, world)
            world.engine.forbid_restart(ids(made))
            world.engine.stop(dict.fromkeys(ids(made)))
            world.engine.remove(ids(made), volumes=True)
        if self.before.newcomers(world, self.service):
            raise EngineError(f"new containers of {self.service} are there after {SWEEPS} removals")

    def _require_own(self, made: Collection[str]) -> None:
        if len(made) > self.count:
            raise EngineError(
                f"{count_text(len(made), 'replica')} of {self.service} are new"
                f" where {self.count} were to be made:"
                " somebody has scaled it in the meantime, and it is unclear whose they are"
            )

    def _lead_away_from(self, made: Sequence[Replica], world: World) -> None:
        """Restore the upstream if it leads to new replicas, by a name or a reused address."""
        if self.back and any(self._is_named(r, self.back, world) for r in made):
            self.back.lead_back(world, self.timeout)

    def _is_named(self, made: Replica, back: Switch, world: World) -> bool:
        if back.may_lead_to(made):
            return True
        return made.running and (self.by_name or back.goes_by_a_name(world))


class StartReplicas(Step, frozen=True):
    """Start the new containers in parallel.

    Attributes:
        by_compose: what compose scales to if it has to start them itself, since it copies files in
            or runs hooks then; otherwise 0.
    """

    service: str
    before: Before
    by_compose: int = 0

    def __str__(self) -> str:
        return f"start the new replicas of {self.service}"

    def do(self, world: World) -> None:
        """Start them all; `CreateReplicas.undo` stops them again."""
        if self.by_compose:
            self._remove_ended_aside(world)
            world.engine.start_all({self.service: self.by_compose})
        else:
            world.engine.start(ids(self.before.newcomers(world, self.service)))

    def _remove_ended_aside(self, world: World) -> None:
        """Remove drained replicas that have ended: compose would start them, on their old image."""
        ended = [one.replica for one in world.engine.detached([self.service]) if one.replica.over]
        if ended:
            world.engine.remove(ids(ended), volumes=True)
            world.emit(Noted(f"removed {names(ended)}: what drained on there has ended"))
