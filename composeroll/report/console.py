"""The live view on a terminal. Imported only if there is one, since it imports rich."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self

from rich.text import Text

from composeroll.report.channel import Channel
from composeroll.report.events import Event, Planned, PullProgress
from composeroll.report.glyphs import ASCII, UNICODE
from composeroll.report.pen import Pen
from composeroll.report.region import Painter, Region
from composeroll.report.reporter import Reporter
from composeroll.report.scene import Scene
from composeroll.report.wording import clean_event

FRAME = 0.1
"""Seconds between two frames; times are shown in tenths of a second."""


class ConsoleReporter(Reporter):
    """Draws the scene ten times a second; safe to call from several threads.

    Args:
        progress: the terminal.
        data: where the plan goes if it is the command's result (`plan`, `--dry-run`), else None.
        verbose: keep a line for every attempt of a probe.
        ascii_only: draw with ASCII characters.
        colour: use colours.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        progress: Channel,
        *,
        data: Channel | None = None,
        verbose: bool = False,
        ascii_only: bool = False,
        colour: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress = progress
        self._data = data
        self._ascii_only = ascii_only
        self._clock = clock
        self._scene = Scene(verbose=verbose)
        self._region = Region(progress, Painter(colour=colour))
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        """Start to draw."""
        self._ticker.start()
        return self

    def __call__(self, event: Event) -> None:
        """Show one event at once; the progress of a pull waits for the next frame."""
        event = clean_event(event, ascii_only=self._ascii_only)
        with self._lock:
            if isinstance(event, Planned) and self._data:
                self._answer(event, self._data)
                return
            above = self._scene.take(event, self._pen())
            if above or not isinstance(event, PullProgress):
                self._draw(above)

    def close(self) -> None:
        """Leave the last state on the screen as ordinary text, and the cursor as it was."""
        if self._over.is_set():
            return
        self._over.set()
        with self._lock:
            pen = self._pen()
            self._region.draw(self._scene.settled(pen), (), pen.width)
            self._region.close()
        if self._ticker.is_alive():
            self._ticker.join()

    def _answer(self, plan: Planned, data: Channel) -> None:
        self._region.draw((), (), self._pen().width)
        data.line(plan.text.rstrip("\n"))

    def _draw(self, above: list[Text]) -> None:
        if not self._over.is_set():
            columns, lines = self._progress.size()
            moving = self._scene.moving(self._pen(), max(lines - 1, 1))
            self._region.draw(above, moving, columns)

    def _tick(self) -> None:
        while not self._over.wait(FRAME):
            with self._lock:
                self._draw([])

    def _pen(self) -> Pen:
        glyphs = ASCII if self._ascii_only else UNICODE
        return Pen(self._progress.size().columns, glyphs, self._clock())
