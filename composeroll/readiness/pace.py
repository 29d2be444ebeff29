"""How often a replica is probed, how long it may take, and the clock to measure that."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from msgspec import Struct

from composeroll.config.settings import Ready
from composeroll.readiness.probes import GrpcProbe, Probe, TcpProbe, UpProbe

SETTLE_UNASKED = 3.0
"""Seconds a replica has to stay up if no answer proves that the app behind the port works."""


SUCCESSES_UNASKED = 2
"""A port accepts as soon as the kernel listens; a second success shows that the app stayed up."""


class Pace(Struct, frozen=True):
    """The times of one wait, in seconds.

    A second success costs every update one `interval`. That is worth it for a bare port; a
    healthcheck or a request already goes through the whole application.

    Attributes:
        timeout: how long the successes may take; `settle` comes on top.
        interval: from the end of one attempt to the start of the next.
        successes: how many in a row are wanted.
        settle: how long the replica must then stay up; it is probed once more at the end.
    """

    timeout: float = 60.0
    interval: float = 0.2
    successes: int = 1
    settle: float = 0.0


def pace_of(ready: Ready, probe: Probe) -> Pace:
    """Return the pace of the settings; `probe` decides about `settle` and `successes` left out."""
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
    """A clock, so that tests can use a simulated one."""

    def now(self) -> float:
        """Return the seconds on a clock that never goes back."""
        ...

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait for `seconds`, or until `stop` is set; return whether it is set."""
        ...


class MonotonicClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return the seconds of `time.monotonic`."""
        return time.monotonic()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait on the event itself, so that setting it ends the wait at once."""
        return stop.wait(seconds)
