"""Wait for one replica: probe it at once, then repeatedly until it has proved that it is ready."""

from __future__ import annotations

import threading
from collections.abc import Callable

from composeroll.readiness.answer import Answer
from composeroll.readiness.pace import Clock, Pace

SHORTEST_ATTEMPT = 0.1
"""Seconds granted to the last attempt, even if less than that is left of the timeout."""


class OverdueError(Exception):
    """The timeout has passed; `answer` is the last failure that was not cut short by it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.said)
        self.answer = answer


class StoppedError(Exception):
    """The wait was ended from outside, through its `stop` event."""


SHORTEST_PAUSE = 0.02
"""Seconds; one connection attempt costs far less than that."""

PATIENCE = 4
"""A pause is at most the time elapsed so far divided by this number: readiness is then noticed at
most a quarter late, and an app that starts slowly is not probed a hundred times."""

Ask = Callable[[float], Answer]
"""One attempt, given the seconds it may take."""


def prove(ask: Ask, pace: Pace, clock: Clock, stop: threading.Event) -> Answer:
    """Wait until `successes` attempts in a row have succeeded, and one more after `settle`.

    Returns:
        The last answer.

    Raises:
        OverdueError: `timeout` has passed.
        StoppedError: `stop` was set.
    """
    deadline = clock.now() + pace.timeout
    while True:
        answer = _in_a_row(ask, pace, clock, stop, deadline)
        if not pace.settle:
            return answer
        _wait(clock, stop, pace.settle)
        answer = ask(pace.timeout)
        if answer.good:
            return answer
        if clock.now() >= deadline:
            raise OverdueError(answer)


def _in_a_row(ask: Ask, pace: Pace, clock: Clock, stop: threading.Event, deadline: float) -> Answer:
    row, failed, began = 0, None, clock.now()
    while True:
        answer = ask(max(deadline - clock.now(), SHORTEST_ATTEMPT))
        row = row + 1 if answer.good else 0
        if row >= pace.successes:
            return answer
        # An attempt cut short by the deadline says less than the failure before it.
        if clock.now() >= deadline:
            raise OverdueError(failed or answer)
        failed = failed if answer.good else answer
        pause = pace.interval if answer.good else _pause(pace.interval, clock.now() - began)
        _wait(clock, stop, min(pause, deadline - clock.now()))


def _pause(interval: float, taken: float) -> float:
    """Return the seconds to wait after a failed attempt."""
    return min(interval, max(SHORTEST_PAUSE, taken / PATIENCE))


def _wait(clock: Clock, stop: threading.Event, seconds: float) -> None:
    if clock.wait(stop, seconds):
        raise StoppedError
