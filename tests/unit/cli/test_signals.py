"""Signals end a run once, and never get lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from composeroll.cli.signals import CAUGHT, Signals
from composeroll.errors import Interrupted
from composeroll.report.events import Event, Noted


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
    signals, told = Signals(), list[Event]()
    emit = signals.heeded_by(told.append)
    with signals.raised():
        emit(Noted("before"))
        with suppress(Interrupted):  # as Python does where a finalizer raises
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted, match="SIGTERM"):
            emit(Noted("after"))
    assert len(told) == 2


def test_on_the_way_back_events_raise_nothing() -> None:
    signals = Signals()
    with signals.raised(), pytest.raises(Interrupted):
        way_back(signals)


def way_back(signals: Signals) -> None:
    """A way back that is told of, with a signal in its midst."""
    told = list[Event]()
    with signals.shield():
        signal.raise_signal(signal.SIGHUP)
        signals.heeded_by(told.append)(Noted("undone"))
    assert told


def test_a_signal_that_is_ignored_from_the_start_as_under_nohup_ends_nothing() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Signals().raised():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
