"""A composeroll that does nothing more once a step has begun, until the test lets it go on.

What a test does there is done before the step, however fast the one is and however slow the other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PAUSES = """
import os, sys
from composeroll.__main__ import main
from composeroll.report.events import StepStarted
from composeroll.report.jsonlines import JsonReporter

word, step = int(sys.argv[1]), sys.argv[2]
del sys.argv[1:3]
tell = JsonReporter.__call__

def tell_and_wait(reporter, event):
    tell(reporter, event)
    if isinstance(event, StepStarted) and event.step.startswith(step):
        os.read(word, 1)  # nothing comes: its other side is closed

JsonReporter.__call__ = tell_and_wait
raise SystemExit(main())
"""
"""The command itself, but for its telling of steps; only with `--json`."""


@dataclass(frozen=True)
class Pause:
    """The word that such a composeroll waits for.

    Attributes:
        step: how the step begins.
    """

    step: str
    reads: int
    writes: list[int]

    @property
    def argv(self) -> list[str]:
        """How composeroll is called, without its own words."""
        return [sys.executable, "-c", PAUSES, str(self.reads), self.step]

    def over(self) -> None:
        """Give the word, for this step and all further ones; once is enough."""
        while self.writes:
            os.close(self.writes.pop())


@contextmanager
def pausing(step: str) -> Iterator[Pause]:
    """A pause at each step that begins with this word; over after the block at the latest."""
    reads, writes = os.pipe()
    pause = Pause(step, reads, [writes])
    try:
        yield pause
    finally:
        pause.over()
        os.close(reads)
