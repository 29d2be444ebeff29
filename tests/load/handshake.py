"""The opening handshake of a websocket (RFC 6455 section 4), the client's side."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os

from tests.load.head import Head, MalformedError, parse_head
from tests.load.outcome import Failure, LostRequestError

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: bytes) -> bytes:
    """Return what the server must answer to `key` (RFC 6455 section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324 (the RFC's choice)


async def shake_hands(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str, path: str
) -> Head:
    """Ask for a websocket on an open connection; raises LostRequestError.

    WS_REFUSED for any status but 101, MALFORMED for a wrong Sec-WebSocket-Accept.
    """
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
