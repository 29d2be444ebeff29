"""How often a replica is asked, how long it may take, and the time itself."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from msgspec import Struct

from composeroll.config.settings import Ready
from composeroll.readiness.probes import GrpcProbe, Probe, TcpProbe, UpProbe

SETTLE_UNASKED = 3.0
"""Seconds to stay up where no answer proves that the application behind the port works."""


SUCCESSES_UNASKED = 2
"""A port accepts as soon as the kernel listens for it; once more shows that it goes on."""


class Pace(Struct, frozen=True):
    """The times of one waiting, in seconds.

    A second success costs one `interval` of every update. It is worth it for a bare port; a
    healthcheck or a request already goes through the whole application.

    Attributes:
        timeout: until the successes must be there; settling comes on top.
        interval: from the end of one attempt to the next.
        successes: how many in a row.
        settle: how long it must then stay up; it is asked once more at the end.
    """

    timeout: float = 60.0
    interval: float = 0.2
    successes: int = 1
    settle: float = 0.0


def pace_of(ready: Ready, probe: Probe) -> Pace:
    """The pace that the settings ask for, with what `settle` and `successes` mean for `probe`."""
    settle = ready.settle
    if settle is None:
        settle = SETTLE_UNASKED if _says_little(probe) else 0.0
    successes = ready.successes or (SUCCESSES_UNASKED if isinstance(probe, TcpProbe) else 1)
    return Pace(ready.timeout, ready.interval, successes, settle)


def _says_little(probe: Probe) -> bool:
    if isinstance(probe, GrpcProbe):
        return not probe.asked
    return isinstance(probe, TcpProbe | UpProbe)


class Clock(Protocol):
    """Time, so that tests can have their own."""

    def now(self) -> float:
        """Seconds on a clock that only goes forward."""
        ...

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Let `seconds` pass, or fewer if `stop` is set meanwhile; whether it is set."""
        ...


class MonotonicClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Sleep on the event itself, so that setting it ends the wait at once."""
        return stop.wait(seconds)
