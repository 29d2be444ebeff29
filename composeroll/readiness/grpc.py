"""One call of `grpc.health.v1.Health/Check` over HTTP/2 with prior knowledge (RFC 9113).

Written here and not taken from h2, which would bring three packages for a few frames: the call is
one fixed request, and the answer is one small DATA frame, or two numbers in a header block.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum, IntFlag

from composeroll.readiness.answer import AnswerError
from composeroll.readiness.hpack import GRPC_STATUS, STATUS, numbers
from composeroll.readiness.pipe import Conversation

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_FRAME_LIMIT = 16384  # SETTINGS_MAX_FRAME_SIZE as long as we announce no other (RFC 9113, 6.5.2)
_STREAM = 1
_PREFIX = struct.Struct(">BI")  # a gRPC message: compressed or not, length
_GOAWAY = struct.Struct(">II")  # the last stream that will be answered, why
_PRIORITY_LENGTH = 5
_OK, _NOT_FOUND = 200, 404


class Frame(IntEnum):
    """The HTTP/2 frame types that matter here."""

    DATA = 0
    HEADERS = 1
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    CONTINUATION = 9


class Flag(IntFlag):
    """The HTTP/2 flags that matter here; ACK and END_STREAM share a bit."""

    NONE = 0
    END_STREAM = 0x1
    ACK = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8
    PRIORITY = 0x20


class Serving(IntEnum):
    """`grpc.health.v1.HealthCheckResponse.ServingStatus`."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


class Code(IntEnum):
    """How a gRPC call ended (grpc/grpc: doc/statuscodes.md)."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


_STATUSES = {b"": Serving.UNKNOWN, **{bytes([0x08, status]): status for status in Serving}}
"""Every HealthCheckResponse there is: field 1 as a varint; proto3 leaves a 0 out."""


def ask(conversation: Conversation, service: str, authority: str) -> Serving | None:
    """Return the health of `service`; None if the server has no health service.

    `SERVICE_UNKNOWN` if it keeps no status of that name: the call then ends with NOT_FOUND.

    Raises:
        AnswerError: the answer is not HTTP/2, broke off, or is a refusal.
        OSError: the connection broke, or the time limit has passed.
    """
    conversation.send(request(service, authority))
    message, said = b"", dict[str, int]()
    while True:
        kind, flags, stream, payload = _read_frame(conversation)
        _raise_if_refused(kind, payload)
        _acknowledge(conversation, kind, flags, payload)
        if stream != _STREAM or kind not in (Frame.DATA, Frame.HEADERS):
            continue
        if kind == Frame.HEADERS:
            said |= numbers(_block(conversation, payload, flags))
            if _knows_no_such_call(said):
                return None
        else:
            message += _unpadded(payload, flags)
        if (status := parse_message(message)) is not None:
            return status
        if flags & Flag.END_STREAM:
            code = said.get(GRPC_STATUS)
            if code == Code.NOT_FOUND:
                return Serving.SERVICE_UNKNOWN
            raise AnswerError(f"answered {_named(code)} without a health status")


def request(service: str, authority: str) -> bytes:
    """Return the connection preface, the settings, and the whole call, as bytes."""
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
    """Return the status in a complete gRPC message, None while it is incomplete.

    Raises:
        AnswerError: the message is not a HealthCheckResponse.
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


def _block(conversation: Conversation, payload: bytes, flags: int) -> bytes:
    """Return the whole header block that begins in a HEADERS frame (RFC 9113, 6.2 and 6.10)."""
    block = _unpadded(payload, flags)
    if flags & Flag.PRIORITY:
        block = block[_PRIORITY_LENGTH:]
    while not flags & Flag.END_HEADERS:
        kind, flags, stream, payload = _read_frame(conversation)
        if kind != Frame.CONTINUATION or stream != _STREAM or len(block) > _FRAME_LIMIT:
            raise AnswerError("does not speak HTTP/2")
        block += payload
    return block


def _knows_no_such_call(said: Mapping[str, int]) -> bool:
    """Whether there is no health service; 404 means that too (doc/http-grpc-status-mapping.md).

    Raises:
        AnswerError: the server does not answer in gRPC.
    """
    status = said.get(STATUS)
    if status not in (_OK, _NOT_FOUND):
        raise AnswerError(f"answered HTTP {status}" if status else "does not speak HTTP/2")
    return status == _NOT_FOUND or said.get(GRPC_STATUS) == Code.UNIMPLEMENTED


def _named(code: int | None) -> str:
    if code is None:
        return "gRPC"
    return f"gRPC {Code(code).name}" if code in set(Code) else f"gRPC {code}"


def _raise_if_refused(kind: int, payload: bytes) -> None:
    if kind == Frame.RST_STREAM:
        raise AnswerError("reset the call")
    if kind == Frame.GOAWAY:
        _raise_if_goaway_covers_us(payload)


def _raise_if_goaway_covers_us(payload: bytes) -> None:
    """A GOAWAY without an error still lets the server answer the streams up to the one it names."""
    if len(payload) < _GOAWAY.size:
        raise AnswerError("does not speak HTTP/2")
    last, error = _GOAWAY.unpack_from(payload)
    if error or last & 0x7FFFFFFF < _STREAM:
        said = payload[_GOAWAY.size :].decode(errors="replace")
        raise AnswerError(f"closed the connection (GOAWAY){f': {said}' if said else ''}")


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
