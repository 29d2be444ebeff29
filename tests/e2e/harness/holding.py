"""Clients that hold a connection for as long as a test likes: a websocket, a half-sent POST."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Queue
from threading import Thread

from tests.load.frames import CLOSE, PING, PONG, TEXT, Frame, encode, take_frame
from tests.load.target import parse_target

PATIENCE = 10.0
"""Seconds for one answer."""

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: held\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)

LENGTH = 10_000
"""Bytes of a body: nginx keeps as many in its memory."""

BEGUN = "ha"
HALF = f"POST {{path}} HTTP/1.1\r\nHost: held\r\nContent-Length: {LENGTH}\r\n\r\n{BEGUN}"


@dataclass
class HeldWebsocket:
    """A websocket that is open, and whose pings are answered all the while.

    Attributes:
        said: what the server has said so far; None once it says nothing more.
    """

    sock: socket.socket
    said: Queue[Frame | None] = field(default_factory=Queue)

    def echoes(self, text: str) -> bool:
        """Whether the server says back what it is told; its greeting is passed over."""
        self.sock.sendall(encode(TEXT, text.encode()))
        while (frame := self.next()).opcode != CLOSE:
            if text.encode() in frame.payload:
                return True
        return False

    def close_code(self) -> int:
        """Why the server has closed it, whatever else it said before."""
        while (frame := self.next()).opcode != CLOSE:
            pass
        return frame.close_code

    def next(self) -> Frame:
        """The next frame that is no ping."""
        frame = self.said.get(timeout=PATIENCE)
        assert frame, "the websocket was dropped without a close frame"
        return frame

    def listen(self, buffer: bytearray) -> None:
        """Hear what the server says until it has said all, beginning with what was read already."""
        with suppress(OSError):
            while got := self.sock.recv(65536):
                buffer += got
                while frame := take_frame(buffer):
                    if frame.opcode == PING:
                        self.sock.sendall(encode(PONG, frame.payload))
                    else:
                        self.said.put(frame)
        self.said.put(None)


@contextmanager
def held_websocket(url: str, path: str) -> Iterator[HeldWebsocket]:
    """A websocket for the length of the block."""
    with _connected(url, HANDSHAKE.format(path=path)) as sock:
        received = bytearray()
        while b"\r\n\r\n" not in received:
            got = sock.recv(65536)
            assert got, f"the handshake was cut off after {bytes(received)!r}"
            received += got
        head, _, rest = bytes(received).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        sock.settimeout(None)
        websocket = HeldWebsocket(sock)
        Thread(target=websocket.listen, args=(bytearray(rest),), daemon=True).start()
        yield websocket
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


@dataclass
class HalfSent:
    """A POST of which most of the body is missing."""

    sock: socket.socket
    left: int = LENGTH - len(BEGUN)

    def go_on(self) -> None:
        """Send one byte more: nginx gives up a client that has sent none for a minute."""
        self.sock.sendall(b"l")
        self.left -= 1

    def finish(self) -> bytes:
        """Send the rest; the answer's first line."""
        self.sock.sendall(b"f" * self.left)
        return self.sock.recv(65536).partition(b"\r\n")[0]


@contextmanager
def half_sent(url: str, path: str) -> Iterator[HalfSent]:
    """Half a POST for the length of the block."""
    with _connected(url, HALF.format(path=path)) as sock:
        yield HalfSent(sock)


@contextmanager
def _connected(url: str, first: str) -> Iterator[socket.socket]:
    target = parse_target(url)
    with socket.create_connection((target.address, target.port), timeout=PATIENCE) as sock:
        sock.sendall(first.encode())
        yield sock
