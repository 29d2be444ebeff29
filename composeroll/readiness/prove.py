"""The waiting for one replica: ask at once, then again and again until it has proved itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

from composeroll.readiness.answer import Answer
from composeroll.readiness.pace import Clock, Pace

SHORTEST_ATTEMPT = 0.1
"""Seconds the last attempt gets, however little of the timeout is left."""


class OverdueError(Exception):
    """The time is over; `answer` is the last one that says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.said)
        self.answer = answer


class StoppedError(Exception):
    """Someone else ended the waiting."""


SHORTEST_PAUSE = 0.02
"""Seconds; a look at a port costs far less."""

PATIENCE = 4
"""A pause is at most this part of the time it has already taken: what is ready is then seen at most
a quarter late, and what starts slowly is not asked a hundred times."""

Ask = Callable[[float], Answer]
"""One attempt, given the seconds it may take."""


def prove(ask: Ask, pace: Pace, clock: Clock, stop: threading.Event) -> Answer:
    """Wait until `successes` attempts in a row were good, and one more after `settle`.

    Returns:
        The last answer.

    Raises:
        OverdueError: `timeout` is over.
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
        # The attempt that the deadline cut short says less than the failure before it.
        if clock.now() >= deadline:
            raise OverdueError(failed or answer)
        failed = failed if answer.good else answer
        pause = pace.interval if answer.good else _pause(pace.interval, clock.now() - began)
        _wait(clock, stop, min(pause, deadline - clock.now()))


def _pause(interval: float, taken: float) -> float:
    """Seconds until the next attempt, after one that failed."""
    return min(interval, max(SHORTEST_PAUSE, taken / PATIENCE))


def _wait(clock: Clock, stop: threading.Event, seconds: float) -> None:
    if clock.wait(stop, seconds):
        raise StoppedError
