"""Plain lines for logs, pipes and dumb terminals: time, word, sentence; no escape sequences."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from composeroll.report.channel import Channel
from composeroll.report.events import (
    Draining,
    Event,
    Planned,
    Probed,
    StepEnded,
    StepFailed,
    StepStarted,
    Watching,
)
from composeroll.report.plain_lines import Said, said
from composeroll.report.reporter import Reporter
from composeroll.report.wording import clean_event

WORD_WIDTH = 11
"""The longest first word is `rolled back`."""

PAUSE = 3.0
"""Seconds between two lines about the same drain or watch, so that a long one does not flood the
log."""

PATIENCE = 10.0
"""Seconds after which a step that still runs gets a line: the log then shows what it waits for."""


def local_now() -> datetime:
    """Return the time in the machine's time zone."""
    return datetime.now().astimezone()


class PlainReporter(Reporter):
    """Writes one line for each event that matters; safe to call from several threads.

    Args:
        progress: where the lines go.
        data: where the plan goes if it is the command's result (`plan`, `--dry-run`), else None.
        verbose: also print each probe's answer and each replica's state.
        ascii_only: spell out characters that a C locale cannot show.
        now: the current time, for the timestamps.
        clock: monotonic seconds, for the pauses.
    """

    def __init__(
        self,
        progress: Channel,
        *,
        data: Channel | None = None,
        verbose: bool = False,
        ascii_only: bool = False,
        now: Callable[[], datetime] = local_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress = progress
        self._data = data
        self._verbose = verbose
        self._ascii_only = ascii_only
        self.now = now
        self._clock = clock
        self._told: dict[str, tuple[float, Draining | Watching]] = {}
        self._probed: dict[str, Probed] = {}
        self.timer: threading.Timer | None = None
        self._lock = threading.RLock()

    @property
    def shows_replicas(self) -> bool:
        """Whether `-v` was given."""
        return self._verbose

    def __call__(self, event: Event) -> None:
        """Write the lines for `event`, if any."""
        event = clean_event(event, ascii_only=self._ascii_only)
        with self._lock:
            self._watch(event)
            if not self._is_news(event):
                return
            if isinstance(event, Planned) and self._data:
                self._data.line(event.text.rstrip("\n"))
                return
            for line in said(event, verbose=self._verbose):
                self.line(line)

    def line(self, text: Said) -> None:
        """Write one line with a timestamp."""
        stamp = f"{self.now():%H:%M:%S}"
        self._progress.line(f"{stamp}  {text.word:<{WORD_WIDTH}}  {text.text}".rstrip())

    def close(self) -> None:
        """Stop watching the running step."""
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def _is_news(self, event: Event) -> bool:
        if isinstance(event, Probed):
            before, self._probed[event.name] = self._probed.get(event.name), event
            return event != before
        return not isinstance(event, Draining | Watching) or self._progress_is_news(event)

    def _progress_is_news(self, event: Draining | Watching) -> bool:
        about = event.service if isinstance(event, Watching) else ""
        at, before = self._told.get(about, (float("-inf"), None))
        if event == before or self._clock() - at < PAUSE:
            return False
        self._told[about] = (self._clock(), event)
        return True

    def _watch(self, event: Event) -> None:
        if isinstance(event, StepStarted | StepEnded | StepFailed):
            self.close()
        if isinstance(event, StepStarted):
            self.timer = threading.Timer(PATIENCE, self._say_it_lasts, [event])
            self.timer.daemon = True
            self.timer.start()

    def _say_it_lasts(self, step: StepStarted) -> None:
        with self._lock:
            if self.timer:
                place = f"{step.number}/{step.total}"
                self.line(Said(place, f"{step.step} ... still running after {PATIENCE:.0f}s"))
