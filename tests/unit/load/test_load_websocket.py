"""Websockets: a goodbye is no failure, everything else is."""

from __future__ import annotations

import pytest

from tests.load import Event, Failure
from tests.load.frames import encode, mask, take_frame
from tests.load.head import MalformedError
from tests.unit.load.server import load_of


@pytest.mark.parametrize(
    ("path", "each", "expected"),
    [
        ("ws_refuse", 2, {Failure.WS_REFUSED: 2}),
        ("ws_empty", 2, {Failure.EMPTY_REPLY: 2}),
        ("ws_reset", 2, {Failure.RESET: 2}),
        ("ws_hang", 2, {Failure.TIMEOUT: 2}),
        ("ws_wrong_key", 2, {Failure.MALFORMED: 2}),
        ("ws_drop", 4, {Failure.WS_DROP: 2}),
        ("ws_drop_reset", 4, {Failure.WS_DROP: 2}),
        ("ws_error", 3, {Failure.WS_CLOSE_CODE: 1}),
        ("ws_mute", 4, {Failure.TIMEOUT: 2}),
        ("ws_garbage", 2, {Failure.MALFORMED: 1}),
    ],
)
def test_each_bad_end_of_a_websocket_has_its_class(
    path: str, each: int, expected: dict[Failure, int]
) -> None:
    timeout = 0.1 if Failure.TIMEOUT in expected else 5.0
    chat = {"websocket": 1, "websocket_path": f"/{path}", "websocket_pause": 0.2}
    result = load_of("ok", each=each, timeout=timeout, **chat)
    assert result.failures() == expected


def test_a_clean_close_and_a_successful_return_are_no_failure() -> None:
    result = load_of("ok", websocket=1, websocket_path="/ws_leave", websocket_pause=0.2, each=5)
    assert result.failures() == {}
    assert result.events == {Event.WS_CLOSED_CLEANLY: 2, Event.WS_RECONNECTED: 2}


def test_messages_unanswered_at_a_clean_close_are_counted() -> None:
    result = load_of("ok", websocket=1, websocket_path="/ws_leave_unanswered", each=2)
    assert result.failures() == {}
    assert result.events == {Event.WS_CLOSED_CLEANLY: 1, Event.WS_UNANSWERED: 1}


def test_greetings_pings_and_fragments_do_not_disturb_the_echo() -> None:
    result = load_of("ok", websocket=2, websocket_path="/ws_echo", websocket_pause=0.01, each=5)
    assert (result.failures(), result.total) == ({}, 10)
    assert result.versions()["w1"].requests == 10


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_frame_read_back_is_the_frame_that_was_written(size: int) -> None:
    payload = bytes(index % 251 for index in range(size))
    masked = encode(2, payload)
    width = {True: 2, size > 125: 4, size > 65535: 10}[True]
    key = masked[width : width + 4]
    assert mask(masked[width + 4 :], key) == payload
    plain = bytearray(masked[:1] + bytes([masked[1] & 0x7F]) + masked[2:width] + payload)
    frame = take_frame(plain)
    assert (frame and frame.payload, plain) == (payload, bytearray())


@pytest.mark.parametrize("head", ["8180", "c100", "8300", "0900", "897e"])
def test_frames_a_server_must_not_send_are_malformed(head: str) -> None:
    with pytest.raises(MalformedError):
        take_frame(bytearray.fromhex(head))
