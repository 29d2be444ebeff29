"""A websocket client (RFC 6455): opening handshake, messages, pings, both kinds of end."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
from dataclasses import dataclass

from tests.load.connection import dial
from tests.load.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    encode,
    take_frame,
)
from tests.load.head import Head, MalformedError, parse_head
from tests.load.outcome import Failure, LostRequestError
from tests.load.target import Target

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: bytes) -> bytes:
    """Return what the server must answer to `key` (RFC 6455 section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324 (the RFC's choice)


@dataclass(frozen=True, slots=True)
class Message:
    """One whole message from the server."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The server's close frame: a clean end, if its code says so."""

    code: int


class WebSocket:
    """An open websocket; `head` is the handshake's answer."""

    def __init__(
        self, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.head = head
        self._reader, self._writer = reader, writer
        self._buffer = bytearray()
        self._pieces = bytearray()

    def send(self, text: bytes) -> None:
        """Send one text message."""
        self._writer.write(encode(TEXT, text))

    async def receive(self, patience: float) -> Message | Closed | None:
        """Return the next message or the close, or None when `patience` seconds were quiet.

        Pings are answered on the way. Raises LostRequestError: WS_DROP for a FIN or reset without
        a close frame, MALFORMED for what RFC 6455 forbids. Cancelling the read loses no byte:
        whatever was read is in the buffer already.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while (event := self._next()) is None:
                    self._buffer += await self._read()
                return event
        return None

    async def goodbye(self, patience: float) -> bool:
        """Close from our side (1000); return whether the server answered with its close frame."""
        self._writer.write(encode(CLOSE, (1000).to_bytes(2, "big")))
        while (event := await self.receive(patience)) is not None:
            if isinstance(event, Closed):
                return True
        return False

    def abort(self) -> None:
        """Close the connection below."""
        self._writer.close()

    async def _read(self) -> bytes:
        try:
            data = await self._reader.read(65536)
        except OSError as error:
            raise LostRequestError(Failure.WS_DROP, f"{error}, no close frame") from error
        if not data:
            raise LostRequestError(Failure.WS_DROP, "FIN, no close frame")
        return data

    def _next(self) -> Message | Closed | None:
        try:
            while (frame := take_frame(self._buffer)) is not None:
                if (event := self._take(frame)) is not None:
                    return event
        except MalformedError as error:
            raise LostRequestError(Failure.MALFORMED, str(error)) from error
        return None

    def _take(self, frame: Frame) -> Message | Closed | None:
        if frame.opcode == CLOSE:
            self._writer.write(encode(CLOSE, frame.payload[:2]))
            return Closed(frame.close_code)
        if frame.opcode == PING:
            self._writer.write(encode(PONG, frame.payload))
        if frame.opcode not in (TEXT, BINARY, CONTINUATION):
            return None
        self._pieces += frame.payload
        if not frame.final:
            return None
        message = Message(bytes(self._pieces))
        self._pieces.clear()
        return message


async def open_websocket(
    target: Target, path: str, connect_patience: float, patience: float
) -> WebSocket:
    """Connect and shake hands; raises LostRequestError.

    WS_REFUSED for any status but 101, MALFORMED for a wrong Sec-WebSocket-Accept.
    """
    sock = await dial(target, connect_patience)
    reader, writer = await asyncio.open_connection(sock=sock)
    try:
        async with asyncio.timeout(patience):
            head = await _shake_hands(reader, writer, target.authority, path)
    except BaseException as error:
        writer.close()
        if isinstance(error, TimeoutError):
            detail = f"no handshake within {patience:g} s"
            raise LostRequestError(Failure.TIMEOUT, detail) from error
        raise
    return WebSocket(head, reader, writer)


async def _shake_hands(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str, path: str
) -> Head:
    key = base64.b64encode(os.urandom(16))
    writer.write(
        b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
        % (path.encode(), authority.encode(), key)
    )
    head = await _read_head(reader)
    if head.status != 101:
        raise LostRequestError(Failure.WS_REFUSED, f"status {head.status}")
    if head.headers.get(b"sec-websocket-accept") != accept_key(key):
        raise LostRequestError(Failure.MALFORMED, "wrong Sec-WebSocket-Accept")
    return head


async def _read_head(reader: asyncio.StreamReader) -> Head:
    try:
        return parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
    except asyncio.IncompleteReadError as error:
        failure = Failure.TRUNCATED if error.partial else Failure.EMPTY_REPLY
        detail = f"FIN after {len(error.partial)} bytes of handshake"
        raise LostRequestError(failure, detail) from error
    except OSError as error:
        raise LostRequestError(Failure.RESET, f"{error} in the handshake") from error
    except (MalformedError, asyncio.LimitOverrunError) as error:
        raise LostRequestError(Failure.MALFORMED, str(error)) from error
