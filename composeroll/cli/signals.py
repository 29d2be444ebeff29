"""Signals become an exception in the main thread, so that a rollout can be taken back first."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from composeroll.errors import Interrupted

CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """While entered, the first signal raises `Interrupted`; shielded ones are swallowed.

    A second signal during the way back changes nothing: half a way back is the worst place to be.
    """

    def __init__(self) -> None:
        self._shielded = False

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Turn signals into exceptions, and put the previous handlers back afterwards."""
        previous = {number: signal.signal(number, self._raise) for number in CAUGHT}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Let nothing interrupt what runs inside."""
        before, self._shielded = self._shielded, True
        try:
            yield
        finally:
            self._shielded = before

    def _raise(self, number: int, frame: FrameType | None) -> None:
        del frame
        if not self._shielded:
            raise Interrupted(f"interrupted by {signal.Signals(number).name}", signum=number)
