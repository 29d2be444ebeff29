"""Guard replicas that get requests: notice one that dies, is restarted or turns unhealthy."""

from __future__ import annotations

from collections.abc import Collection

from composeroll.errors import NotReady
from composeroll.model import ContainerEvent, Health, Replica
from composeroll.readiness.death import cause_of_death
from composeroll.report.wording import fix_text
from composeroll.rollout.steps.sets import Incoming, last_words, require_as_proven
from composeroll.rollout.world import EventStream, World


class Guard:
    """Compares replicas with their last good state; the first is the one that proved ready.

    Raises:
        NotReady: one does not run, or was restarted since its proof.
    """

    def __init__(self, world: World, guarded: Collection[Incoming]) -> None:
        self._world = world
        self._guarded = guarded
        self._known: dict[str, Replica] = {}
        self.look()

    def heed(self, event: ContainerEvent | None) -> None:
        """Check again if an event may mean a failure; one without an ID means some were missed.

        Raises:
            NotReady: as `look` does.
        """
        if event is not None and self._concerns(event):
            self.look()

    def heed_until(self, events: EventStream, end: float) -> None:
        """Heed every event until `end`.

        Raises:
            NotReady: as `look` does.
        """
        while (left := end - self._world.clock.now()) > 0:
            self.heed(events.next(left))

    def look(self) -> None:
        """Check that all are well, in one reading: in several, one could fail unseen in between.

        Raises:
            NotReady: one died (even if it runs again), is gone, or turned unhealthy.
        """
        if not self._guarded:
            return
        everyone = self._world.engine.replicas([one.service for one in self._guarded])
        for one in self._guarded:
            known = [r.id for r in self._known.values() if r.service == one.service]
            for replica in one.running_among(everyone, self._world, known):
                if before := self._known.get(replica.id):
                    self._require_alive_and_well(before, replica)
                else:
                    require_as_proven((replica,), self._world)
                self._known[replica.id] = replica

    def _require_alive_and_well(self, before: Replica, now: Replica) -> None:
        cause = cause_of_death(before, now) or _sickness(before, now)
        if cause:
            fix = fix_text(now.service, now.image)
            raise NotReady(f"{now.name} {cause}", None, fix, last_words(self._world, now))

    def _concerns(self, event: ContainerEvent) -> bool:
        if event.action.startswith("exec_"):  # healthchecks, and our own probes
            return False
        return not event.id or any(
            event.service == one.service and event.id not in one.excluded for one in self._guarded
        )


def _sickness(before: Replica, now: Replica) -> str:
    """Report only a change: the engine may still call a replica unhealthy that proved ready."""
    turned = now.health is Health.UNHEALTHY and before.health is not Health.UNHEALTHY
    return "turned unhealthy" if turned else ""
