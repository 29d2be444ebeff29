"""The server's side of a websocket, well-behaved and not; the path of the handshake chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.load.frames import CLOSE, CONTINUATION, PING, TEXT, mask
from tests.load.handshake import accept_key
from tests.unit.load.faults import Peer

Chat = Callable[[Peer, bytes], Awaitable[None]]


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    return bytes([0x80 * final | opcode, len(payload)]) + payload


def close_frame(code: int) -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big"))


async def read_frame(peer: Peer) -> tuple[int, bytes]:
    """Read one short, masked frame of the client; an opcode of -1 is the end."""
    try:
        head = await peer.reader.readexactly(6)
        payload = await peer.reader.readexactly(head[1] & 0x7F)
    except (asyncio.IncompleteReadError, ConnectionError):
        return -1, b""
    assert head[1] & 0x80, "a client's frames are masked"
    return head[0] & 0x0F, mask(payload, head[2:6])


async def accept(peer: Peer, key: bytes) -> None:
    peer.writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"X-Version: w1\r\nSec-WebSocket-Accept: " + accept_key(key) + b"\r\n\r\n"
    )


async def echo_once(peer: Peer, key: bytes) -> None:
    await accept(peer, key)
    _, payload = await read_frame(peer)
    peer.writer.write(frame(TEXT, payload))


async def ws_echo(peer: Peer, key: bytes) -> None:
    """Greet, ping before each echo and see the pong, echo in two fragments, answer a close."""
    await accept(peer, key)
    peer.writer.write(frame(TEXT, b"welcome"))
    while (received := await read_frame(peer))[0] == TEXT:
        peer.writer.write(frame(PING, b"?"))
        assert (await read_frame(peer))[1] == b"?"
        payload = received[1]
        peer.writer.write(frame(TEXT, payload[:5], final=False))
        peer.writer.write(frame(CONTINUATION, payload[5:]))
    if received[0] == CLOSE:
        peer.writer.write(frame(CLOSE, received[1]))
    peer.close()


async def ws_refuse(peer: Peer, _key: bytes) -> None:
    peer.answer(b"", status=b"503 Service Unavailable")


async def ws_empty(peer: Peer, _key: bytes) -> None:
    peer.close()


async def ws_reset(peer: Peer, _key: bytes) -> None:
    peer.reset()


async def ws_hang(peer: Peer, _key: bytes) -> None:
    await peer.reader.read()


async def ws_wrong_key(peer: Peer, key: bytes) -> None:
    await accept(peer, key + b"x")


async def ws_drop(peer: Peer, key: bytes) -> None:
    await echo_once(peer, key)
    peer.close()


async def ws_drop_reset(peer: Peer, key: bytes) -> None:
    await accept(peer, key)
    await read_frame(peer)
    peer.reset()


async def ws_leave(peer: Peer, key: bytes) -> None:
    await echo_once(peer, key)
    peer.writer.write(close_frame(1001))
    await read_frame(peer)
    peer.close()


async def ws_leave_unanswered(peer: Peer, key: bytes) -> None:
    await accept(peer, key)
    await read_frame(peer)
    peer.writer.write(close_frame(1000))
    peer.close()


async def ws_error(peer: Peer, key: bytes) -> None:
    await echo_once(peer, key)
    peer.writer.write(close_frame(1011))
    peer.close()


async def ws_mute(peer: Peer, key: bytes) -> None:
    await accept(peer, key)
    await peer.reader.read()


async def ws_garbage(peer: Peer, key: bytes) -> None:
    await accept(peer, key)
    peer.writer.write(b"\xff\xff\xff")


CHATS: dict[str, Chat] = {
    function.__name__: function
    for function in (
        ws_echo,
        ws_refuse,
        ws_empty,
        ws_reset,
        ws_hang,
        ws_wrong_key,
        ws_drop,
        ws_drop_reset,
        ws_leave,
        ws_leave_unanswered,
        ws_error,
        ws_mute,
        ws_garbage,
    )
}
