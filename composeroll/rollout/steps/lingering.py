"""Whether what nginx's old workers still hold concerns the replicas that are drained.

A worker lives as long as its longest connection, be it to another service. Which connections are
beyond harm is judged by `composeroll.nginx.pairing`; here it only has to stay so.
"""

from __future__ import annotations

from collections.abc import Collection

from composeroll.model import Held, Replica
from composeroll.rollout.world import World

FIRST = 1.0
"""Seconds into a drain before the first look: most drains are over by then."""

SETTLED = 5.0
"""Seconds that another service's connection has to stay open to count as one that goes on: what is
answered until then may still be sent elsewhere, by `error_page` or an X-Accel-Redirect."""

AGREE = 0.2
"""Seconds between two looks that have to agree."""

PAUSE = 0.5
"""Seconds between two looks else, each of which runs a shell in the gateway; more in a long drain,
where looking takes at most a fiftieth of the time that has passed."""

FIFTIETH = 0.02


class Lingering:
    """What the old workers hold, look by look.

    Attributes:
        held: what was seen last.
    """

    def __init__(self, world: World, leaving: Collection[Replica]) -> None:
        self.held = Held()
        self._world = world
        self._hosts = frozenset(host for replica in leaving for host in _hosts(replica))
        self._began = world.clock.now()
        self._next = self._began + FIRST
        self._first_seen: dict[str, float] = {}
        self._agreed = False

    def is_harmless(self) -> bool:
        """Whether nothing of what they hold can reach a replica that leaves, in two looks."""
        now = self._world.clock.now()
        if now < self._next:
            return False
        self._look(now)
        harmless = self._all_are_elsewhere(now)
        if harmless and self._agreed:
            return True
        self._agreed = harmless
        self._next = now + (AGREE if harmless else max(PAUSE, FIFTIETH * (now - self._began)))
        return False

    def __str__(self) -> str:
        many = len(self.held.elsewhere)
        connections = (
            "1 connection to another service goes on"
            if many == 1
            else (f"{many} connections to other services go on")
        )
        workers = self.held.workers
        return f"{connections} in {'the old nginx worker' if workers == 1 else 'old nginx workers'}"

    def _look(self, now: float) -> None:
        self.held = self._world.gateways.held(self._hosts)
        for connection in self.held.elsewhere:
            self._first_seen.setdefault(connection, now)

    def _all_are_elsewhere(self, now: float) -> bool:
        held = self.held
        if held.unknown or held.waiting or held.leaving:
            return False
        return all(now - self._first_seen[c] >= SETTLED for c in held.elsewhere)


def _hosts(replica: Replica) -> tuple[str, ...]:
    """Its bare addresses on all its networks."""
    found = (address for place in replica.networks for address in (place.ipv4, place.ipv6))
    return tuple(filter(None, found))
