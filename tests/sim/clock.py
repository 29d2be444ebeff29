"""Virtual time: it passes only where somebody waits, and what is due happens on the way."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from tests.sim.faults import Faults
from tests.sim.turns import Turns


class VirtualClock:
    """Answers to `composeroll.rollout.world.Clock`."""

    def __init__(self, faults: Faults) -> None:
        self.turns = Turns(faults.plan, self.now, self._step)
        self._faults = faults
        self._now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        faults.turn = self.turns.moment
        faults.now = self.now
        faults.pass_time = lambda seconds: self.pass_until(self._now + seconds, _never)

    def now(self) -> float:
        """Seconds since the world began."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._faults.moment("wait")
        self.pass_until(self._now + seconds, _never)

    def at(self, time: float, happening: Callable[[], None]) -> None:
        """Put something on the agenda."""
        heapq.heappush(self._agenda, (time, next(self._order), happening))

    def pass_until(self, end: float, enough: Callable[[], bool]) -> None:
        """Go on to `end`, or to the first happening after which `enough` is true."""
        self.turns.wait(end, enough)

    def _step(self, end: float) -> None:
        """What is due next, or `end` where nothing is due before."""
        if not (self._agenda and self._agenda[0][0] <= end):
            self._now = max(end, self._now)
            return
        time, _, happening = heapq.heappop(self._agenda)
        self._now = max(time, self._now)
        happening()


def _never() -> bool:
    return False
