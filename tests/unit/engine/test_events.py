"""A stream of events that breaks."""

from __future__ import annotations

import threading
from pathlib import Path

from composeroll.engine.connection import Api
from composeroll.engine.events import RELIST, EventStream
from composeroll.engine.transport import UnixSocket
from tests.unit.engine.sham import sham_engine


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
