"""The waiting for one replica, in virtual time."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from composeroll.readiness.answer import Answer
from composeroll.readiness.pace import Pace
from composeroll.readiness.prove import OverdueError, StoppedError, prove


class VirtualClock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        """Seconds so far."""
        return self.time

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Pass at once."""
        self.time += 0 if stop.is_set() else seconds
        return stop.is_set()


class Replica:
    """Answers `.` well and `x` badly, the last one for ever; `seconds` each, unless cut short."""

    def __init__(self, clock: VirtualClock, answers: str, seconds: float = 0.0) -> None:
        self._clock, self._seconds = clock, seconds
        self._answers: Iterable[str] = iter(answers)
        self._last = ""
        self.limits: list[float] = []

    def __call__(self, limit: float) -> Answer:
        """One answer."""
        self.limits.append(limit)
        self._last = next(iter(self._answers), self._last)
        self._clock.time += min(self._seconds, limit)
        if self._seconds > limit:
            return Answer(good=False, said="gave no answer")
        return Answer(self._last == ".", "answered" if self._last == "." else "refused")


@pytest.mark.parametrize(
    ("answers", "successes", "settle", "seconds"),
    [
        (".", 1, 0, 0.0),
        (".", 2, 0, 1.0),
        ("xx.", 2, 0, 1.04),
        (".x.x..", 2, 0, 3.8125),
        (".", 1, 3, 3.0),
        (".x..", 1, 3, 6.0),
    ],
    ids=["at once", "twice", "late", "flapping", "settling", "gone while settling"],
)
def test_docker_rollout_27_28_ready_is_good_answers_in_a_row_and_one_more_after_settling(
    answers: str, successes: int, settle: float, seconds: float
) -> None:
    clock = VirtualClock()
    pace = Pace(timeout=60, interval=1, successes=successes, settle=settle)
    assert prove(Replica(clock, answers), pace, clock, threading.Event()).good
    assert clock.now() == seconds


@pytest.mark.parametrize("start", [0.05, 0.3, 2.0, 9.0])
def test_what_takes_long_to_start_is_seen_at_most_a_quarter_late(start: float) -> None:
    clock, asked = VirtualClock(), 0

    def ask(_limit: float) -> Answer:
        nonlocal asked
        asked += 1
        return Answer(good=clock.now() >= start, said="asked")

    prove(ask, Pace(interval=5), clock, threading.Event())
    assert start <= clock.now() <= start * 1.25 + 0.02
    assert asked < 30


def test_the_interval_is_the_longest_pause() -> None:
    clock = VirtualClock()
    prove(Replica(clock, "x" * 50 + "."), Pace(interval=0.2), clock, threading.Event())
    assert clock.now() < 50 * 0.2


def test_the_timeout_ends_it_with_the_last_failure_and_not_with_the_attempt_it_cut_short() -> None:
    clock = VirtualClock()
    replica = Replica(clock, "x", seconds=3)
    with pytest.raises(OverdueError) as overdue:
        prove(replica, Pace(timeout=10, interval=1), clock, threading.Event())
    assert overdue.value.answer.said == "refused"
    assert clock.now() == pytest.approx(10)


def test_an_attempt_never_gets_more_time_than_is_left() -> None:
    clock = VirtualClock()
    replica = Replica(clock, "x", seconds=100)
    with pytest.raises(OverdueError, match="gave no answer"):
        prove(replica, Pace(timeout=10, interval=1), clock, threading.Event())
    assert replica.limits == [10]


def test_settling_may_take_longer_than_the_timeout() -> None:
    clock = VirtualClock()
    assert prove(Replica(clock, "."), Pace(timeout=1, settle=30), clock, threading.Event()).good


def test_what_is_always_gone_after_settling_is_overdue_once_the_timeout_has_passed() -> None:
    clock = VirtualClock()
    replica = Replica(clock, ".x" * 99)
    with pytest.raises(OverdueError, match="refused"):
        prove(replica, Pace(timeout=10, settle=3), clock, threading.Event())
    assert clock.now() == 12


def test_a_stop_ends_the_waiting() -> None:
    clock, stop = VirtualClock(), threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        prove(Replica(clock, "x"), Pace(), clock, stop)
