"""A websocket client (RFC 6455): messages, pings, both kinds of end."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from tests.load.dial import dial, no_tls
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
from tests.load.handshake import shake_hands
from tests.load.head import Head, MalformedError
from tests.load.outcome import Failure, LostRequestError
from tests.load.target import Target


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
    """Connect within `connect_patience` seconds, shake hands within `patience`.

    Raises LostRequestError as `dial` and `shake_hands` do, and TIMEOUT.
    """
    sock = await dial(target, connect_patience)
    try:
        reader, writer = await asyncio.open_connection(
            sock=sock,
            ssl=target.ssl,
            server_hostname=target.server_hostname,
            ssl_handshake_timeout=connect_patience if target.tls else None,
        )
    except OSError as error:
        raise no_tls(error, connect_patience) from error
    try:
        async with asyncio.timeout(patience):
            head = await shake_hands(reader, writer, target.authority, path)
    except BaseException as error:
        writer.close()
        if isinstance(error, TimeoutError):
            detail = f"no handshake within {patience:g} s"
            raise LostRequestError(Failure.TIMEOUT, detail) from error
        raise
    return WebSocket(head, reader, writer)
