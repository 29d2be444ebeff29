"""The clock that this package uses."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A clock; tests use their own."""

    def now(self) -> float:
        """Return the seconds of a clock that never goes back."""
        ...

    def wait(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class MonotonicClock:
    """The machine's clock.

    Waiting is needed since nginx does not report when a reload has taken effect.
    """

    def now(self) -> float:
        """Return the seconds of `time.monotonic`."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep for `seconds`."""
        time.sleep(seconds)
