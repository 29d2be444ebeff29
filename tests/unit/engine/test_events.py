"""A stream of events that breaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from composeroll.engine import events as events_module
from composeroll.engine.api.connection import Api
from composeroll.engine.api.transport import UnixSocket
from composeroll.engine.events import RELIST, EventStream
from tests.unit.engine.sham import Sham, sham_engine


def test_a_broken_stream_is_taken_up_after_its_last_event_and_says_so(tmp_path: Path) -> None:
    with sham_engine(tmp_path) as sham:
        with EventStream(Api(UnixSocket(str(sham.server_address))), "shop") as events:
            first, notice, second = (events.next(5) for _ in range(3))
        assert first is not None
        assert second is not None
        assert first.attributes["since"] == "the beginning"
        assert notice == RELIST
        assert second.attributes["since"] == "5.000000008"


def test_waiting_for_an_event_ends_in_time_while_the_engine_is_away(tmp_path: Path) -> None:
    with sham_engine(tmp_path) as sham:
        events = EventStream(Api(UnixSocket(str(sham.server_address))), "shop")
        assert events.next(5)
    Path(str(sham.server_address)).unlink()
    while events.next(0.3) is not None:
        pass
    closing = threading.Thread(target=events.close)
    closing.start()
    closing.join(5)
    assert not closing.is_alive()


ENOUGH = 5
"""Signs of life: all but the last were heard, and nothing was done about them."""


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sham]:
    """An engine whose streams fall silent after one event, and short whiles of silence."""
    monkeypatch.setattr(events_module, "SILENCE_SECONDS", 0.05)
    monkeypatch.setattr(events_module, "SIGN_SECONDS", 0.05)
    with sham_engine(tmp_path) as sham:
        sham.lasting = True
        yield sham


@contextmanager
def listening(sham: Sham) -> Iterator[EventStream]:
    """A stream of its events."""
    api = Api(UnixSocket(str(sham.server_address)))
    with EventStream(api, "shop") as events:
        yield events
    api.close()


def test_a_silent_stream_of_an_engine_that_gives_no_sign_of_life_is_taken_up_anew(
    silent: Sham,
) -> None:
    silent.lost = True
    with listening(silent) as events:
        assert events.next(5)
        assert events.next(5) == RELIST


def test_a_silent_stream_of_an_engine_that_lives_is_left_alone(
    silent: Sham, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "SIGN_SECONDS", 5.0)  # its thread may be slow to answer
    with listening(silent) as events:
        assert events.next(5)
        while silent.asked < ENOUGH:
            assert events.next(0.1) is None


def test_a_stream_that_is_silent_for_long_is_renewed_though_the_engine_lives(
    silent: Sham, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "RENEWAL_SECONDS", 0.2)
    with listening(silent) as events:
        assert events.next(5)
        assert events.next(5) == RELIST
