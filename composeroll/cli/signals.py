"""Signals become an exception in the main thread, so that a rollout can be taken back first."""

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
"""What no signal may end half-way. An exception where a process begins leaves one behind of which
nobody knows; `Thread.start` turns it into a KeyError (3.11); and what is done to several containers
at once would go on beside the way back."""

SOON = 0.02
"""Seconds until a signal that came there is looked at again."""

SILENT = 1.0
"""Seconds after which whoever sent it is told that it was heard."""

HEARD = (
    "the run ends as soon as the containers that are being stopped or started have ended or begun,"
    " which for one that stops takes its stop_grace_period at most"
)

UNTOUCHED = "no container was touched"
"""What holds until the first step of a plan, which says otherwise."""

LOOK = "`composeroll status` shows what serves"
"""What helps after it: what a signal then ends says more, where it knows more."""


class Signals:
    """While raised, a signal is `Interrupted`; while shielded, it waits for the shield's end.

    Half a way back, or half a switch, is the worst place to be. So only the first one is raised: a
    terminal and `uv run` send the same Ctrl-C twice, and the second could come just before the way
    back is shielded.

    Raising is not enough: where the handler runs inside a finalizer or a weak reference's callback,
    Python drops the exception. It tells its own hook of that, so an alarm raises it again; and each
    event of the run asks again, for what a library's `except` has caught: see `heeded_by`. Where it
    would do harm, the alarm waits until that is over: see `WHOLE`.
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
        """Turn signals into exceptions, and put the previous handlers back afterwards.

        What is ignored from the start, as SIGHUP is under `nohup`, stays ignored.
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
        """Let nothing interrupt what runs inside; raise afterwards what came meanwhile."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        self._raise_waiting()

    def ignore(self) -> None:
        """What the run is for has been done: nothing is left to interrupt."""
        self._shields += 1

    def heeded_by(self, emit: Emit) -> Emit:
        """The same, and after each event in the main thread a signal that got lost is raised."""
        self._emit = emit

        def told(event: Event) -> None:
            self._stepped |= isinstance(event, StepStarted)
            emit(event)
            is_main = threading.current_thread() is threading.main_thread()
            if self._waiting and is_main and not self._shields:
                self._raised = True  # no alarm may ring between this and the way back
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
        """What Python is to do with exceptions that it can raise nowhere: ours comes again."""

        def drop(dropped: sys.UnraisableHookArgs) -> None:
            if isinstance(dropped.exc_value, Interrupted):
                self._raised = False
                signal.setitimer(signal.ITIMER_REAL, SOON)
            else:
                hook(dropped)

        return drop

    def _raise_waiting(self, frame: FrameType | None = None) -> None:
        """Raise what came, if this is the time and, in this frame, the place."""
        if not self._waiting or self._shields or self._raised:
            return
        if _is_within(WHOLE, frame):
            self._say_that_it_was_heard(self._waiting)
            signal.setitimer(signal.ITIMER_REAL, SOON)
            return
        self._raised = True
        raise self._waiting

    def _say_that_it_was_heard(self, waiting: Interrupted) -> None:
        """Once, and never amid an event's own telling: nothing is told within these calls."""
        if self._emit and time.monotonic() >= self._unheard_until:
            self._unheard_until = float("inf")
            self._emit(Warned(f"{waiting.what}: {HEARD}"))


def _is_within(calls: Collection[CodeType], frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code in calls:
            return True
        frame = frame.f_back
    return False
