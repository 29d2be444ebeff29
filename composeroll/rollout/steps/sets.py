"""Sets of replicas, looked up when a step runs: the plan cannot know new containers' IDs."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from composeroll.errors import EngineError, EngineUnreachable, NotReady
from composeroll.model import ContainerState, Replica
from composeroll.readiness.death import cause_of_death
from composeroll.report.wording import count_text, fix_text
from composeroll.rollout.world import World

ALIVE = (ContainerState.CREATED, ContainerState.RUNNING)


class Incoming(Struct, frozen=True):
    """A service's replicas except those that are on their way out.

    Attributes:
        excluded: full IDs that do not belong to the set.
        least: how many there have to be; if there are fewer, another process removed some.
    """

    service: str
    excluded: frozenset[str]
    least: int = 1

    def look_up(self, world: World) -> tuple[Replica, ...]:
        """Return the replicas of the set that are created or run."""
        everyone = world.engine.replicas([self.service])
        return tuple(r for r in everyone if r.id not in self.excluded and r.state in ALIVE)

    def members(self, world: World) -> tuple[Replica, ...]:
        """Return the replicas of the set in all states.

        Raises:
            NotReady: there are too few.
        """
        everyone = world.engine.replicas([self.service])
        found = tuple(r for r in everyone if r.id not in self.excluded)
        if len(found) < self.least:
            raise self._too_few(found)
        return found

    def look_up_running(self, world: World, proven: Collection[str] = ()) -> tuple[Replica, ...]:
        """Return the replicas of the set, all of which have to run.

        Raises:
            NotReady: one of the set does not run, one of `proven` is gone, or there are too few.
        """
        return self.running_among(world.engine.replicas([self.service]), world, proven)

    def running_among(
        self, everyone: Collection[Replica], world: World, proven: Collection[str] = ()
    ) -> tuple[Replica, ...]:
        """Return the same from `everyone`, which may include containers of other services."""
        mine = {r.id: r for r in everyone if r.service == self.service}
        found = tuple(r for r in mine.values() if r.id not in self.excluded)
        fallen = [r for r in found if not r.running]
        if fallen or not found:
            raise died(world, self.service, fallen)
        gone = [container for container in proven if container not in mine]
        if gone:
            what = f"container {gone[0][:12]} of {self.service} was removed by another process"
            raise NotReady(what)
        if len(found) < self.least:
            raise self._too_few(found)
        return found

    def _too_few(self, found: Collection[Replica]) -> NotReady:
        left = f"{len(found)} of {count_text(self.least, 'replica')}"
        return NotReady(f"{left} of {self.service} are left: somebody has removed the others")


def died(world: World, service: str, fallen: Collection[Replica]) -> NotReady:
    """Return the error for replicas that should run and do not, with the first one's log."""
    if not fallen:
        return NotReady(f"no replica of {service} is left")
    first = next(iter(fallen))
    return NotReady(
        f"{first.name} {_end_of(first)}",
        help=fix_text(service, first.image),
        evidence=last_words(world, first),
    )


def require_as_proven(replicas: Collection[Replica], world: World) -> None:
    """Check that replicas did not die after their proof, while others took long to prove ready.

    Raises:
        NotReady: one died or was restarted since its proof.
    """
    for now in replicas:
        before = world.proven.get(now.id, now)
        if cause := cause_of_death(before, now):
            said = f"{now.name} {cause}, after it had proved itself"
            fix = fix_text(now.service, now.image)
            raise NotReady(said, help=fix, evidence=last_words(world, now))


def last_words(world: World, replica: Replica) -> tuple[str, ...]:
    """Return a replica's last log lines under a title; nothing if it has written none.

    An engine that keeps no log, as with `logging: {driver: none}`, answers with an error, which
    must not hide why the replica failed.
    """
    try:
        lines = world.engine.logs(replica.id, 20)
    except (EngineError, EngineUnreachable):
        return ()
    title = (f"the last lines of {replica.name}:",) if lines else ()
    return (*title, *(f"  {line}" for line in lines))


def _end_of(replica: Replica) -> str:
    if replica.over:
        return f"exited with code {replica.exit_code}"
    if replica.state is ContainerState.RESTARTING:
        return f"exits with code {replica.exit_code} and is started again and again"
    return f"is {replica.state.value}"


def names(replicas: Collection[Replica]) -> str:
    """Return replicas as a plan prints them: names with short IDs."""
    return ", ".join(f"{r.name} ({r.short_id})" for r in replicas)


def ids(replicas: Collection[Replica]) -> list[str]:
    """Return full IDs."""
    return [r.id for r in replicas]
