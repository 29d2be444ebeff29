"""HTTP answers and the ways to fail to give them; the path of a request chooses."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass
class Peer:
    """One client's connection; `requests` were read from it so far."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    requests: int = 0

    def answer(self, body: bytes, *fields: bytes, status: bytes = b"200 OK") -> None:
        """Write a whole answer, framed by its length."""
        lines = [b"HTTP/1.1 " + status, b"X-Version: v1", b"Content-Length: %d" % len(body)]
        self.writer.write(b"\r\n".join([*lines, *fields, b"", body]))

    def close(self) -> None:
        """Close with FIN, what was written first."""
        self.writer.close()

    async def gone(self) -> None:
        """Drop what is left of the connection."""
        self.writer.transport.abort()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    def reset(self) -> None:
        """Close with RST: linger for zero seconds."""
        if self.writer.is_closing():
            return
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Fault = Callable[[Peer, bytes], Awaitable[None]]


async def ok(peer: Peer, body: bytes) -> None:
    peer.answer(body or b"hello")


async def chunked(peer: Peer, _body: bytes) -> None:
    peer.writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    peer.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in (b"3;a=b\r\nver\r\n", b"A\r\nsion=v7 ab\r", b"\n0\r\nT: 1\r", b"\n\r\n"):
        peer.writer.write(piece)
        await asyncio.sleep(0.001)


async def until_close(peer: Peer, _body: bytes) -> None:
    peer.writer.write(b"HTTP/1.1 200 OK\r\n\r\nversion=v8")
    peer.close()


async def says_close(peer: Peer, _body: bytes) -> None:
    peer.answer(b"bye", b"Connection: close")
    peer.close()


async def closes_idle(peer: Peer, _body: bytes) -> None:
    peer.answer(b"hello")
    peer.close()


async def closes_late(peer: Peer, _body: bytes) -> None:
    peer.answer(b"hello")
    asyncio.get_running_loop().call_later(0.05, peer.close)


async def resets_idle(peer: Peer, _body: bytes) -> None:
    peer.answer(b"hello")
    await peer.writer.drain()
    peer.reset()


async def stale_fin(peer: Peer, _body: bytes) -> None:
    if peer.requests == 1:
        peer.answer(b"hello")
    else:
        peer.close()


async def stale_reset(peer: Peer, _body: bytes) -> None:
    if peer.requests == 1:
        peer.answer(b"hello")
    else:
        peer.reset()


async def reset(peer: Peer, _body: bytes) -> None:
    peer.reset()


async def empty(peer: Peer, _body: bytes) -> None:
    peer.close()


async def short_body(peer: Peer, _body: bytes) -> None:
    peer.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
    peer.close()


async def short_chunks(peer: Peer, _body: bytes) -> None:
    peer.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n")
    peer.close()


async def short_head(peer: Peer, _body: bytes) -> None:
    peer.writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    peer.close()


async def reset_amid(peer: Peer, _body: bytes) -> None:
    peer.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
    await peer.writer.drain()
    peer.reset()


async def error_502(peer: Peer, _body: bytes) -> None:
    peer.answer(b"bad gateway", status=b"502 Bad Gateway")


async def not_found(peer: Peer, _body: bytes) -> None:
    peer.answer(b"", status=b"404 Not Found")


async def hang(peer: Peer, _body: bytes) -> None:
    await peer.reader.read()


async def garbage(peer: Peer, _body: bytes) -> None:
    peer.writer.write(b"SSH-2.0-OpenSSH\r\n")


async def bad_chunk(peer: Peer, _body: bytes) -> None:
    peer.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")


async def surplus(peer: Peer, _body: bytes) -> None:
    peer.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello")


async def unasked(peer: Peer, _body: bytes) -> None:
    peer.answer(b"hello")
    await peer.writer.drain()
    asyncio.get_running_loop().call_later(0.005, peer.writer.write, b"HTTP/1.1 408 Late\r\n\r\n")


async def wrong_echo(peer: Peer, body: bytes) -> None:
    peer.answer(body[:-1])


FAULTS: dict[str, Fault] = {
    function.__name__: function
    for function in (
        ok,
        chunked,
        until_close,
        says_close,
        closes_idle,
        closes_late,
        resets_idle,
        stale_fin,
        stale_reset,
        reset,
        empty,
        short_body,
        short_chunks,
        short_head,
        reset_amid,
        error_502,
        not_found,
        hang,
        garbage,
        bad_chunk,
        surplus,
        unasked,
        wrong_echo,
    )
}
