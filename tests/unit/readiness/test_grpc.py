"""HTTP/2 frames of a real gRPC server, and malformed ones."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composeroll.readiness import grpc
from composeroll.readiness.answer import AnswerError
from composeroll.readiness.grpc import Flag, Frame, Serving
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

NO_SERVICE = b"\x88\x00\x0bgrpc-status\x0212"
LAST = Flag.END_STREAM | Flag.END_HEADERS


def headers(flags: Flag, payload: bytes, kind: Frame = Frame.HEADERS) -> bytes:
    """A frame of our call's stream."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, 1]) + payload


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


@pytest.mark.parametrize(
    "answer",
    [
        headers(Flag.PADDED | LAST, b"\x02" + NO_SERVICE + b"\0\0"),
        headers(Flag.PRIORITY | LAST, b"\0\0\0\0\x10" + NO_SERVICE),
        headers(Flag.END_STREAM, NO_SERVICE[:5])
        + headers(Flag.END_HEADERS, NO_SERVICE[5:], Frame.CONTINUATION),
        headers(Flag.END_HEADERS, b"\x88") + headers(LAST, NO_SERVICE[1:]),
        headers(LAST, b"\x8d"),
    ],
    ids=["padded", "with a priority", "in two frames", "in trailers", "HTTP 404"],
)
def test_a_server_without_a_health_service_is_known_however_it_says_so(answer: bytes) -> None:
    assert grpc.ask(hearing(answer), "", "a") is None


def test_a_goodbye_that_names_our_call_is_not_the_answer() -> None:
    goodbye = bytes.fromhex("0000080700000000007fffffff00000000")
    assert grpc.ask(hearing(goodbye + HEADERS + SERVING), "", "a") is Serving.SERVING


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
        (
            bytes.fromhex("00000b070000000000000000000000000b") + b"bye",
            r"closed the connection \(GOAWAY\): bye",
        ),
        (bytes.fromhex("0000080700000000000000000000000000"), r"closed the connection \(GOAWAY\)"),
        (bytes.fromhex("0000080700000000000000000100000002"), r"closed the connection \(GOAWAY\)"),
        (bytes.fromhex("00000407000000000000000000"), "does not speak HTTP/2"),
        (headers(LAST, b"\x8e"), "answered HTTP 500"),
        (headers(LAST, b"\x00\x0bgrpc-status\x0212"), "does not speak HTTP/2"),
        (headers(LAST, b"\x88\x00\x0bgrpc-status\x0214"), "answered gRPC UNAVAILABLE without"),
        (headers(LAST, b"\x88\x00\x0bgrpc-status\x0299"), "answered gRPC 99 without"),
        (headers(LAST, b"\x88"), "answered gRPC without a health status"),
        (headers(Flag.NONE, b"\x88") + headers(LAST, b""), "does not speak HTTP/2"),
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
