"""Turn signals into an exception in the main thread, so that a rollout is rolled back first."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from composeroll.engine.side_by_side import side_by_side
from composeroll.errors import Interrupted
from composeroll.report.events import StepStarted, Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from types import CodeType, FrameType
    from typing import Any

    from composeroll.report.events import Emit, Event

CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

WHOLE = frozenset(
    call.__code__ for call in (threading.Thread.start, subprocess.Popen.__init__, side_by_side)
)
"""Calls that a signal's exception must not interrupt. It would leave behind a process that is just
being started; `Thread.start` turns it into a KeyError (3.11); and requests to several containers
at once would continue while their steps are undone."""

SOON = 0.02
"""Seconds after which a signal that came in such a call is raised again."""

SILENT = 1.0
"""Seconds after which the run says that it has received the signal."""

HEARD = (
    "the run ends as soon as the containers that are being stopped or started have ended or begun,"
    " which for one that stops takes its stop_grace_period at most"
)

UNTOUCHED = "no container was touched"
"""True until the first step of a plan."""

LOOK = "`composeroll status` shows what serves"
"""The advice after the first step; what the signal interrupts replaces it if it knows more."""


class Signals:
    """Inside `raised`, a signal raises `Interrupted`; inside `shield`, only after its end.

    An undo or a switch must not be interrupted half-way. So only the first signal is raised: a
    terminal and `uv run` both send Ctrl-C, and the second could come just before the undo is
    shielded.

    The exception can get lost. If the handler runs inside a finalizer or the callback of a weak
    reference, Python drops it and calls a hook, which sets an alarm to raise it again. If a
    library's `except` catches it, the next event of the run raises it again: see `heeded_by`. In
    calls that must not be interrupted, the alarm repeats until they have ended: see `WHOLE`.
    """

    def __init__(self) -> None:
        self._shields = 0
        self._raised = False
        self._stepped = False
        self._waiting: Interrupted | None = None
        self._unheard_until = float("inf")
        self._emit: Emit | None = None

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Turn signals into exceptions in the block, and restore the previous handlers after it.

        A signal that is ignored from the start, as SIGHUP is under `nohup`, stays ignored.
        """
        heeded = [n for n in CAUGHT if signal.getsignal(n) is not signal.SIG_IGN]
        previous = {number: signal.signal(number, self._receive) for number in heeded}
        previous[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._ask_again)
        hook, sys.unraisablehook = sys.unraisablehook, self._dropped_by(sys.unraisablehook)
        try:
            yield
        finally:
            sys.unraisablehook = hook
            if self._waiting:
                signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in previous.items():
                signal.signal(number, handler)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Hold signals back during the block, and raise the first of them after it."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        self._raise_waiting()

    def ignore(self) -> None:
        """Ignore signals from now on: the run has done its work."""
        self._shields += 1

    def heeded_by(self, emit: Emit) -> Emit:
        """Return `emit` with a check for a lost signal after each event in the main thread."""
        self._emit = emit

        def told(event: Event) -> None:
            self._stepped |= isinstance(event, StepStarted)
            emit(event)
            is_main = threading.current_thread() is threading.main_thread()
            if self._waiting and is_main and not self._shields:
                self._raised = True  # no alarm may raise it again before the undo is shielded
                raise self._waiting

        return told

    def _receive(self, number: int, frame: FrameType | None) -> None:
        serving, help_ = (None, LOOK) if self._stepped else (UNTOUCHED, None)
        self._waiting = Interrupted(
            f"interrupted by {signal.Signals(number).name}", serving, help_, signum=number
        )
        self._unheard_until = time.monotonic() + SILENT
        self._raise_waiting(frame)

    def _ask_again(self, number: int, frame: FrameType | None) -> None:
        del number
        self._raise_waiting(frame)

    def _dropped_by(self, hook: Callable[[sys.UnraisableHookArgs], Any]) -> Callable[..., None]:
        """Return Python's hook for exceptions that it cannot raise; it raises ours again later."""

        def drop(dropped: sys.UnraisableHookArgs) -> None:
            if isinstance(dropped.exc_value, Interrupted):
                self._raised = False
                signal.setitimer(signal.ITIMER_REAL, SOON)
            else:
                hook(dropped)

        return drop

    def _raise_waiting(self, frame: FrameType | None = None) -> None:
        """Raise the signal, unless it is held back or this frame must not be interrupted."""
        if not self._waiting or self._shields or self._raised:
            return
        if _is_within(WHOLE, frame):
            self._say_that_it_was_heard(self._waiting)
            signal.setitimer(signal.ITIMER_REAL, SOON)
            return
        self._raised = True
        raise self._waiting

    def _say_that_it_was_heard(self, waiting: Interrupted) -> None:
        """Warn once that the signal was received. No event is being emitted inside these calls."""
        if self._emit and time.monotonic() >= self._unheard_until:
            self._unheard_until = float("inf")
            self._emit(Warned(f"{waiting.what}: {HEARD}"))


def _is_within(calls: Collection[CodeType], frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code in calls:
            return True
        frame = frame.f_back
    return False
