"""Signals end a run once, and never get lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.cli import run
from composeroll.cli.ended import RUNS
from composeroll.cli.signals import CAUGHT, HEARD, Signals
from composeroll.config.flags import ComposeFlags
from composeroll.engine.side_by_side import side_by_side
from composeroll.errors import Interrupted
from composeroll.report.choose import Mode
from composeroll.report.events import Event, Noted, Outcome, StepStarted, Warned
from tests.unit.rollout.makers import replica


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Whatever the tests themselves were started with, no signal is ignored."""
    handlers = {number: signal.signal(number, signal.SIG_DFL) for number in CAUGHT}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_second_signal_cannot_cut_the_way_back_short() -> None:
    signals = Signals()
    with signals.raised():
        with pytest.raises(Interrupted, match="SIGINT"):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_that_got_lost_in_a_finalizer_is_raised_at_the_next_event() -> None:
    signals, events = Signals(), list[Event]()
    emit = signals.heeded_by(events.append)
    with signals.raised():
        emit(Noted("before"))
        with suppress(Interrupted):  # as Python does where a finalizer raises
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted, match="SIGTERM"):
            emit(Noted("after"))
    assert len(events) == 2


class Dying:
    """A signal comes as it goes."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.usefixtures("later")
def test_a_signal_that_got_lost_in_a_finalizer_is_raised_without_any_event_too() -> None:
    """A drain may last an hour in silence."""
    with Signals().raised():
        Dying()
        with pytest.raises(Interrupted, match="SIGTERM"):
            threading.Event().wait(LONG)


def test_what_else_python_can_raise_nowhere_is_told_as_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = list[object]()
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: events.append(dropped.exc_type))

    class Failing:
        def __del__(self) -> None:
            raise LookupError

    with Signals().raised():
        Failing()
    assert events == [LookupError]


def test_only_before_the_first_step_does_a_signal_say_that_nothing_was_touched() -> None:
    before, after = Signals(), Signals()
    before.heeded_by(lambda _: None)(Noted("not yet"))
    after.heeded_by(lambda _: None)(StepStarted(1, 1, "retire app-1", "drained"))
    with before.raised(), pytest.raises(Interrupted) as untouched:
        signal.raise_signal(signal.SIGTERM)
    assert untouched.value.serving == "no container was touched"
    with after.raised(), pytest.raises(Interrupted) as amid:
        signal.raise_signal(signal.SIGTERM)
    assert (amid.value.serving, amid.value.help) == (None, "`composeroll status` shows what serves")


def test_a_signal_after_all_was_done_changes_nothing_of_how_the_run_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It comes while the rooms are closed."""

    @contextmanager
    def opened(*_: object, **__: object) -> Iterator[Any]:
        yield SimpleNamespace(engine=SimpleNamespace(replicas=lambda _: (replica(1),)))
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(run, "open_stack", opened)
    asked = run.Run(ComposeFlags(), cast("Any", {}), Mode())
    assert asked.do(lambda _: (Outcome.UPDATED, ("app",)), RUNS) == 0
    assert "app runs" in "".join(capsys.readouterr())


def test_on_the_way_back_events_raise_nothing() -> None:
    signals = Signals()
    with signals.raised(), pytest.raises(Interrupted):
        way_back(signals)


def way_back(signals: Signals) -> None:
    """A way back that is told of, with a signal in its midst."""
    events = list[Event]()
    with signals.shield():
        signal.raise_signal(signal.SIGHUP)
        signals.heeded_by(events.append)(Noted("undone"))
    assert events


def test_a_signal_that_is_ignored_from_the_start_as_under_nohup_ends_nothing() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Signals().raised():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


LONG = 5.0
"""Seconds within which a signal that had to wait is raised; a tenth of that does, see `LATER`."""


LATER = 0.5
"""Seconds until a signal that had to wait is looked at again, here: on a machine that is busy the
product's own 20 ms are over before the next line of a test has begun."""


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The alarm does not ring between two lines of a test."""
    monkeypatch.setattr("composeroll.cli.signals.SOON", LATER)


BEGINS = "_start_joinable_thread" if sys.version_info >= (3, 13) else "_start_new_thread"
"""What `Thread.start` calls."""


def and_then_a_signal(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
    """A signal comes whenever that call of Python's own has done its work."""
    call = getattr(module, name)

    def signalled(*args: object, **more: object) -> object:
        result = call(*args, **more)
        signal.raise_signal(signal.SIGTERM)
        return result

    monkeypatch.setattr(module, name, signalled)


@pytest.mark.usefixtures("later")
def test_a_signal_while_a_thread_begins_is_raised_once_it_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python's own `start` would make a KeyError of it."""
    and_then_a_signal(monkeypatch, threading, BEGINS)
    ran = threading.Event()
    thread = threading.Thread(target=ran.set)
    with Signals().raised():
        thread.start()
        with pytest.raises(Interrupted, match="SIGTERM"):
            threading.Event().wait(LONG)
    assert ran.wait(LONG)
    thread.join()


@pytest.mark.usefixtures("later")
def test_a_signal_while_a_process_begins_is_raised_once_somebody_knows_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    and_then_a_signal(monkeypatch, subprocess, "_fork_exec")
    with Signals().raised():
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        with pytest.raises(Interrupted, match="SIGTERM"):
            process.wait(LONG)
    process.communicate(b"end\n", LONG)


def test_a_signal_amid_calls_side_by_side_is_raised_when_all_have_ended() -> None:
    done, ended = list[int](), list[int]()

    def call(number: int) -> None:
        if number == 1:
            signal.raise_signal(signal.SIGTERM)
        threading.Event().wait(0.05 * number)
        done.append(number)

    def work() -> None:
        try:
            side_by_side(call, range(4))
        finally:
            ended.extend(sorted(done))
        threading.Event().wait(LONG)

    with Signals().raised(), pytest.raises(Interrupted, match="SIGTERM"):
        work()
    assert ended == [0, 1, 2, 3]


@pytest.mark.parametrize(("silent", "times"), [(0.1, 1), (10.0, 0)])
def test_whoever_sent_one_that_has_to_wait_for_long_is_told_once_that_it_was_heard(
    monkeypatch: pytest.MonkeyPatch, silent: float, times: int
) -> None:
    """A container that stops may have an hour for it."""
    monkeypatch.setattr("composeroll.cli.signals.SILENT", silent)

    def stop(_: int) -> None:
        signal.raise_signal(signal.SIGINT)
        threading.Event().wait(0.5)

    signals, events = Signals(), list[Event]()
    signals.heeded_by(events.append)
    with signals.raised(), suppress(Interrupted):
        side_by_side(stop, [1])
        threading.Event().wait(LONG)
    assert events == [Warned(f"interrupted by SIGINT: {HEARD}")] * times


@pytest.mark.usefixtures("later")
def test_a_signal_that_still_waits_at_the_end_rings_no_alarm_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    and_then_a_signal(monkeypatch, threading, BEGINS)
    with Signals().raised():
        threading.Thread(target=lambda: None).start()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.usefixtures("later")
def test_a_signal_that_an_event_has_raised_meanwhile_is_not_raised_by_the_alarm_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would come just before the way back is shielded."""
    and_then_a_signal(monkeypatch, threading, BEGINS)
    signals = Signals()
    with signals.raised():
        threading.Thread(target=lambda: None).start()
        with pytest.raises(Interrupted):
            signals.heeded_by(lambda _: None)(Noted("the next step"))
        threading.Event().wait(2 * LATER)
