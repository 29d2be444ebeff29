"""Bring up new replicas next to the old ones."""

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

# a compose that was killed may still have a creation under way in the engine
SWEEPS = 3


class Before(Struct, frozen=True):
    """The containers that a service had before, which new ones are told from.

    Attributes:
        ids: their full IDs.
        highest: their highest number. Compose counts on from there, while a container that somebody
            else's `up -d` recreates meanwhile has its predecessor's number, and is not ours.
    """

    ids: frozenset[str]
    highest: int

    def newcomers(self, world: World, service: str) -> tuple[Replica, ...]:
        """What compose has made since: the set difference, by full ID."""
        everyone = world.engine.replicas([service])
        return tuple(r for r in everyone if r.id not in self.ids and r.number > self.highest)

    def is_gone(self, world: World, service: str) -> bool:
        """Whether nothing is left of it, nor anything that somebody has put in its place."""
        numbers = [r.number for r in world.engine.replicas([service])]
        return bool(self.ids) and min(numbers, default=0) > self.highest


def before(replicas: Collection[Replica]) -> Before:
    """As they are now."""
    highest = max((r.number for r in replicas), default=0)
    return Before(frozenset(ids(replicas)), highest)


class CreateReplicas(Step, frozen=True):
    """Have compose create new containers, and check that each has the wanted image.

    Attributes:
        count: how many are new.
        total: what compose scales to: all that run, and the new ones.
        before: what was there before.
        image: the image ID that new containers must have, empty where it cannot be known.
        back: the service's upstream, None where it has none.
        timeout: seconds the way back waits for requests that new replicas may have all the same.
        by_name: whether nginx goes by the service's name, and nothing ran that it could be pinned
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
        """Create without starting: starts are serial inside compose, and side by side with us.

        Raises:
            EngineError: there are not as many as wanted, or one has another image.
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
            EngineError: somebody has removed all that was there: what is new is all there is; or
                has scaled meanwhile: nobody can tell whose the new ones are; or some stay.
        """
        seen: set[str] = set()
        for _ in range(SWEEPS):
            made = self.before.newcomers(world, self.service)
            if not made:
                return
            if self.before.is_gone(world, self.service):
                raise EngineError(f"somebody has removed what ran of {self.service} before")
            seen.update(ids(made))
            self._insist_on_ours(seen)
            self._lead_away_from(made, world)
            world.engine.forbid_restart(ids(made))
            world.engine.stop(dict.fromkeys(ids(made)))
            world.engine.remove(ids(made), volumes=True)
        if self.before.newcomers(world, self.service):
            raise EngineError(f"new containers of {self.service} are there after {SWEEPS} removals")

    def _insist_on_ours(self, made: Collection[str]) -> None:
        if len(made) > self.count:
            raise EngineError(
                f"{count_text(len(made), 'replica')} of {self.service} are new"
                f" where {self.count} were to be made:"
                " somebody has scaled it meanwhile, and nobody can tell whose are whose"
            )

    def _lead_away_from(self, made: Sequence[Replica], world: World) -> None:
        """Nginx may send to new replicas by the name, or by an address that an old one had."""
        if self.back and any(self._is_named(r, self.back, world) for r in made):
            self.back.lead_back(world, self.timeout)

    def _is_named(self, made: Replica, back: Switch, world: World) -> bool:
        if back.may_lead_to(made):
            return True
        return made.running and (self.by_name or back.goes_by_a_name(world))


class StartReplicas(Step, frozen=True):
    """Start the new containers, side by side.

    Attributes:
        by_compose: what compose scales to where it has to start them itself, since it copies files
            in or runs hooks then; 0 where it need not.
    """

    service: str
    before: Before
    by_compose: int = 0

    def __str__(self) -> str:
        return f"start the new replicas of {self.service}"

    def do(self, world: World) -> None:
        """Start them all; undoing their creation stops them again."""
        if self.by_compose:
            self._remove_ended_aside(world)
            world.engine.start_all({self.service: self.by_compose})
        else:
            world.engine.start(ids(self.before.newcomers(world, self.service)))

    def _remove_ended_aside(self, world: World) -> None:
        """What drained on and has ended: compose starts all that does not run, on its old image."""
        ended = [one.replica for one in world.engine.aside([self.service]) if one.replica.over]
        if ended:
            world.engine.remove(ids(ended), volumes=True)
            world.emit(Noted(f"removed {names(ended)}: what drained on there has ended"))
