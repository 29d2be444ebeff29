"""When the next request is due, and sleeping that ends when the load does."""

from __future__ import annotations

import asyncio

from tests.load.recorder import clock


class Stop:
    """The end of the load, seen by all clients: set once, never unset."""

    def __init__(self) -> None:
        self.over = False
        self._sleepers: set[asyncio.Future[None]] = set()

    def set(self) -> None:
        """End the load: no new request begins, sleepers wake, requests under way run on."""
        self.over = True
        for sleeper in self._sleepers:
            _wake(sleeper)

    async def sleep(self, seconds: float) -> None:
        """Sleep, but not past the end of the load."""
        if self.over:
            return
        loop = asyncio.get_running_loop()
        sleeper = loop.create_future()
        self._sleepers.add(sleeper)
        timer = loop.call_later(seconds, _wake, sleeper)
        try:
            await sleeper
        finally:
            timer.cancel()
            self._sleepers.discard(sleeper)


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


class Pace:
    """A grid of due times, `interval` seconds apart; interval 0 is due at once, always.

    A client that is late because the answer before came late sends at once, and its request is
    timed from when it was *due*: otherwise a stall of a second would show as one slow request
    where users would have met many (the "coordinated omission" of closed-loop load clients).
    A client that merely woke late from its sleep is timed from when it sent: that lateness is the
    instrument's own.
    """

    def __init__(self, stop: Stop, interval: float, offset: float = 0.0) -> None:
        self._stop = stop
        self._interval = interval
        self._due = clock() + offset - interval

    async def next(self) -> float:
        """Wait until the next request is due; return the time it counts from (monotonic s)."""
        now = clock()
        if not self._interval:
            return now
        self._due += self._interval
        if self._due <= now:
            return self._due
        await self._stop.sleep(self._due - now)
        return clock()

    def restart(self) -> None:
        """Forget what was missed: after a failure the client paused of its own will."""
        self._due = clock()


class Pause:
    """The pace of a client that waits `seconds` after each answer, the first one after `offset`."""

    def __init__(self, stop: Stop, seconds: float, offset: float = 0.0) -> None:
        self._stop = stop
        self._seconds = seconds
        self._wait = offset

    async def next(self) -> float:
        """Pause; return the time the request counts from (monotonic s)."""
        await self._stop.sleep(self._wait)
        self._wait = self._seconds
        return clock()

    def restart(self) -> None:
        """Do nothing: there is no grid to miss."""
