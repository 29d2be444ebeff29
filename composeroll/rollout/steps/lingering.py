"""Decide whether a drain has to wait for what nginx's old workers still hold.

A worker lives as long as its longest connection, even one to another service.
`composeroll.nginx.configuration.pairing` judges which connections are harmless; here they only have
to stay so. A drain waits for connections to the replicas that leave, unless long ones are to be
cut: the replica's own stop then ends them, which lets a websocket server close them properly.
"""

from __future__ import annotations

from collections.abc import Collection

from composeroll.config.durations import format_duration
from composeroll.errors import GatewayError
from composeroll.model import Held, Replica
from composeroll.report.wording import count_text
from composeroll.rollout.world import World

FIRST = 1.0
"""Seconds into a drain before the first observation: most drains are over by then."""

SETTLED = 5.0
"""Seconds that another service's connection has to stay open to count as lasting: until then its
answer may still send the request elsewhere, by `error_page` or an X-Accel-Redirect."""

AGREE = 0.2
"""Seconds between two observations that have to agree."""

PAUSE = 0.5
"""Seconds between two observations otherwise, each of which runs a shell in the gateway. In a long
drain the pause grows to a fiftieth of the time that has passed."""

FIFTIETH = 0.02


class Lingering:
    """What the old workers hold, one observation after another.

    Attributes:
        held: the last observation.
    """

    def __init__(
        self,
        world: World,
        gateways: Collection[str],
        leaving: Collection[Replica],
        cut_after: float | None = None,
    ) -> None:
        """Start to observe.

        Args:
            world: where nginx is.
            gateways: the services whose nginx sends requests to the leaving replicas, and others
                that `waited_for` adds.
            leaving: the replicas that are drained.
            cut_after: seconds after which a connection to them is cut; None for never.
        """
        self.held = Held()
        self._world = world
        self._gateways = gateways
        self._cut_after = cut_after
        self._hosts = frozenset(host for replica in leaving for host in _hosts(replica))
        self._began = world.clock.now()
        self._next = self._began + FIRST
        self._first_seen: dict[str, float] = {}
        self._agreed = False

    def may_be_left(self) -> bool:
        """Return whether two observations agree that ending the drain now loses no request."""
        now = self._world.clock.now()
        if now < self._next:
            return False
        self._look(now)
        over = self._is_over(now)
        if over and self._agreed:
            return True
        self._agreed = over
        self._next = now + (AGREE if over else max(PAUSE, FIFTIETH * (now - self._began)))
        return False

    @property
    def has_to_wait(self) -> bool:
        """Whether a connection has to end first, instead of only having to prove that it lasts."""
        held = self.held
        return bool(held.unknown or held.waiting or (held.leaving and self._cut_after is None))

    def __str__(self) -> str:
        cut, on = len(self.held.leaving), len(self.held.elsewhere)
        workers = "the old nginx worker" if self.held.workers == 1 else "old nginx workers"
        said = (
            f"{count_text(cut, 'connection')} open for {format_duration(self._cut_after or 0)} cut"
            if cut
            else "",
            f"{count_text(on, 'connection')} to other services left to {workers}" if on else "",
        )
        return ", ".join(filter(None, said))

    def _look(self, now: float) -> None:
        try:
            self.held = self._world.gateways.held(self._gateways, self._hosts)
        except GatewayError as error:  # it has just ended: counting its workers will show that
            self.held = Held(unknown=error.what)
        for connection in self.held.elsewhere | self.held.leaving:
            self._first_seen.setdefault(connection, now)

    def _is_over(self, now: float) -> bool:
        if self.has_to_wait:
            return False
        return self._since(now, self.held.elsewhere, SETTLED) and self._since(
            now, self.held.leaving, self._cut_after or 0
        )

    def _since(self, now: float, connections: Collection[str], seconds: float) -> bool:
        return all(now - self._first_seen[c] >= seconds for c in connections)


def waited_for(
    world: World, gateways: Collection[str], leaving: Collection[Replica]
) -> frozenset[str]:
    """Return the gateways whose old workers may still reach these replicas.

    These are the given `gateways`, and by full ID others that keep connections to the replicas.
    """
    hosts = frozenset(host for replica in leaving for host in _hosts(replica))
    return frozenset(gateways) | world.gateways.also_reaching(gateways, hosts)


def _hosts(replica: Replica) -> tuple[str, ...]:
    """The replica's bare addresses on all its networks."""
    found = (address for place in replica.networks for address in (place.ipv4, place.ipv6))
    return tuple(filter(None, found))
