"""Virtual time: it passes only where somebody waits, and what is due happens on the way."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from tests.sim.faults import Faults


class VirtualClock:
    """Answers to `composeroll.rollout.world.Clock`."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def now(self) -> float:
        """Seconds since the world began."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._faults.moment("wait")
        self.pass_until(self._now + seconds, lambda: False)

    def at(self, time: float, happening: Callable[[], None]) -> None:
        """Put something on the agenda."""
        heapq.heappush(self._agenda, (time, next(self._order), happening))

    def pass_until(self, end: float, enough: Callable[[], bool]) -> None:
        """Go on to `end`, or to the first happening after which `enough` is true."""
        while self._agenda and self._agenda[0][0] <= end:
            self._now, _, happening = heapq.heappop(self._agenda)
            happening()
            if enough():
                return
        self._now = max(end, self._now)
