"""HTTP/2 frames of a real gRPC server, and malformed ones."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.readiness import grpc
from composeroll.readiness.answer import AnswerError
from composeroll.readiness.grpc import Serving
from composeroll.readiness.pipe import Conversation
from tests.unit.readiness.grpc_answers import (
    HEADERS,
    NOT_SERVING,
    OPENING,
    SERVING,
    UNIMPLEMENTED,
    UNKNOWN,
)
from tests.unit.readiness.pipes import Recorded, hearing


@pytest.mark.parametrize("piece", [1, 5, 65536])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (OPENING + HEADERS + SERVING, Serving.SERVING),
        (OPENING + HEADERS + NOT_SERVING, Serving.NOT_SERVING),
        (OPENING + HEADERS + UNKNOWN, Serving.UNKNOWN),
        (OPENING + UNIMPLEMENTED, None),
    ],
    ids=["serving", "not serving", "unknown", "no health service"],
)
def test_a_real_servers_answer_is_understood(
    answer: bytes, expected: Serving | None, piece: int
) -> None:
    assert grpc.ask(hearing(answer, piece), "", "10.0.0.2:50051") is expected


def test_settings_and_pings_are_acknowledged() -> None:
    pipe = Recorded(OPENING + HEADERS + SERVING, 65536)
    grpc.ask(Conversation(pipe, 5), "", "a")
    assert pipe.sent.endswith(bytes.fromhex("000000040100000000000008060100000000d8eeda4a1f892da5"))


def test_a_message_may_come_in_several_padded_frames() -> None:
    first = bytes.fromhex("000006000800000001020000000000")[:9] + b"\x02\0\0\0\0\0"
    rest = bytes.fromhex("00000400000000000100020801")
    assert grpc.ask(hearing(first + rest), "", "a") is Serving.SERVING


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak HTTP/2"),
        (OPENING, "in the middle"),
        (OPENING + HEADERS + SERVING[:-1], "in the middle"),
        (bytes.fromhex("00000403000000000100000007"), "reset the call"),
        (bytes.fromhex("00000b070000000000000000000000000b") + b"bye", "sent us away: bye"),
        (bytes.fromhex("00000700000000000100000000020809"), "no health status"),
        (bytes.fromhex("00000700000000000101000000020801"), "no health status"),
        (bytes.fromhex("00000100080000000105"), "does not speak HTTP/2"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(answer: bytes, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        grpc.ask(hearing(answer), "", "a")


@given(st.binary(max_size=300))
def test_whatever_comes_is_an_answer_or_an_answer_error(data: bytes) -> None:
    with contextlib.suppress(AnswerError):
        grpc.ask(hearing(data), "", "a")


@given(st.integers(0, 12), st.integers(0, 255), st.integers(0, 3), st.binary(max_size=40))
def test_any_frame_is_an_answer_or_an_answer_error(
    kind: int, flags: int, stream: int, payload: bytes
) -> None:
    frame = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    with contextlib.suppress(AnswerError):
        grpc.ask(hearing(frame + payload), "", "a")


@given(st.text(max_size=300))
def test_the_service_asked_for_stands_in_the_message(service: str) -> None:
    name = service.encode()
    assert grpc.request(service, "a").endswith(name)
