"""One call of `grpc.health.v1.Health/Check` over HTTP/2 with prior knowledge (RFC 9113).

By hand: the call is one fixed request, and the answer is one small DATA frame whose protobuf says
everything, so no header has to be decoded. h2 would bring three packages for these few frames.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag

from composeroll.readiness.answer import AnswerError
from composeroll.readiness.pipe import Conversation

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_FRAME_LIMIT = 16384  # SETTINGS_MAX_FRAME_SIZE as long as we announce no other (RFC 9113, 6.5.2)
_STREAM = 1
_PREFIX = struct.Struct(">BI")  # a gRPC message: compressed or not, length


class Frame(IntEnum):
    """The HTTP/2 frame types that matter here."""

    DATA = 0
    HEADERS = 1
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7


class Flag(IntFlag):
    """The HTTP/2 flags that matter here; ACK and END_STREAM share a bit."""

    NONE = 0
    END_STREAM = 0x1
    ACK = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8


class Serving(IntEnum):
    """`grpc.health.v1.HealthCheckResponse.ServingStatus`."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


_STATUSES = {b"": Serving.UNKNOWN, **{bytes([0x08, status]): status for status in Serving}}
"""Every HealthCheckResponse there is: field 1 as a varint; proto3 leaves a 0 out."""


def ask(conversation: Conversation, service: str, authority: str) -> Serving | None:
    """The health of `service`; None where the server speaks gRPC but names no health.

    None means an answer of trailers alone: no health service, or it does not know `service`.

    Raises:
        AnswerError: what came back is no HTTP/2, broke off, or is a refusal.
        OSError: the connection broke or the time is over.
    """
    conversation.send(request(service, authority))
    message = b""
    while True:
        kind, flags, stream, payload = _read_frame(conversation)
        _raise_if_refused(kind, payload)
        _acknowledge(conversation, kind, flags, payload)
        if kind == Frame.DATA and stream == _STREAM:
            message += _unpadded(payload, flags)
        status = parse_message(message)
        if status is not None or (stream == _STREAM and flags & Flag.END_STREAM):
            return status


def request(service: str, authority: str) -> bytes:
    """Preface, settings, and the whole call."""
    name = service.encode()
    check = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"".join(
        (
            _PREFACE,
            _frame(Frame.SETTINGS),
            _frame(Frame.HEADERS, _header_block(authority), Flag.END_HEADERS, _STREAM),
            _frame(Frame.DATA, _PREFIX.pack(0, len(check)) + check, Flag.END_STREAM, _STREAM),
        )
    )


def parse_message(data: bytes) -> Serving | None:
    """The status in a complete gRPC message, None while it is not complete.

    Raises:
        AnswerError: the message is no HealthCheckResponse.
    """
    if len(data) < _PREFIX.size:
        return None
    compressed, length = _PREFIX.unpack_from(data)
    body = data[_PREFIX.size : _PREFIX.size + length]
    if compressed or length > _FRAME_LIMIT:
        raise AnswerError("answered with a message that is no health status")
    return _serving(body) if len(body) == length else None


def _serving(body: bytes) -> Serving:
    try:
        return _STATUSES[body]
    except KeyError:
        raise AnswerError("answered with a message that is no health status") from None


def _header_block(authority: str) -> bytes:
    # HPACK (RFC 7541) without Huffman or dynamic table: indexed fields of the static table, then
    # literals without indexing, their names by index where the table has them.
    return b"".join(
        (
            b"\x83",  # 3: `:method: POST`
            b"\x86",  # 6: `:scheme: http`
            b"\x04" + _string(b"/grpc.health.v1.Health/Check"),  # 4: `:path`
            b"\x01" + _string(authority.encode()),  # 1: `:authority`
            b"\x0f\x10" + _string(b"application/grpc"),  # 31: `content-type`, 15 in the prefix + 16
            b"\x00" + _string(b"te") + _string(b"trailers"),
        )
    )


def _string(text: bytes) -> bytes:
    # A length below 127 fits HPACK's seven-bit prefix; host names are shorter than that or cut.
    return bytes([len(text[:126])]) + text[:126]


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _frame(kind: Frame, payload: bytes = b"", flags: Flag = Flag.NONE, stream: int = 0) -> bytes:
    return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream) + payload


def _read_frame(conversation: Conversation) -> tuple[int, int, int, bytes]:
    sized, flags, stream = struct.unpack(">IBI", conversation.exactly(9))
    if sized >> 8 > _FRAME_LIMIT:
        raise AnswerError("does not speak HTTP/2")
    return sized & 0xFF, flags, stream & 0x7FFFFFFF, conversation.exactly(sized >> 8)


def _raise_if_refused(kind: int, payload: bytes) -> None:
    if kind == Frame.RST_STREAM:
        raise AnswerError("reset the call")
    if kind == Frame.GOAWAY:
        said = payload[8:].decode(errors="replace")
        raise AnswerError(f"sent us away{f': {said}' if said else ''}")


def _acknowledge(conversation: Conversation, kind: int, flags: int, payload: bytes) -> None:
    if kind == Frame.SETTINGS and not flags & Flag.ACK:
        conversation.send(_frame(Frame.SETTINGS, flags=Flag.ACK))
    if kind == Frame.PING and not flags & Flag.ACK:
        conversation.send(_frame(Frame.PING, payload, Flag.ACK))


def _unpadded(payload: bytes, flags: int) -> bytes:
    if not flags & Flag.PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise AnswerError("does not speak HTTP/2")
    return payload[1 : len(payload) - payload[0]]
