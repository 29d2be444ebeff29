"""Connections to a replica's port, direct or relayed."""

from __future__ import annotations

import threading
import time
from typing import Protocol, TypeVar

from composeroll.readiness.answer import AnswerError


class Closable(Protocol):
    """Something that a thread may be waiting for."""

    def close(self) -> None:
        """Close it; a thread that waits for it wakes up."""
        ...


Held = TypeVar("Held", bound=Closable)


class Pipe(Closable, Protocol):
    """A connection: the part of a socket's interface that a conversation needs."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of `data`."""
        ...

    def recv(self, size: int, /) -> bytes:
        """Return up to `size` bytes, empty at the end; raise TimeoutError after the set timeout."""
        ...

    def settimeout(self, seconds: float, /) -> None:
        """Set how long each later `recv` or `sendall` may take."""
        ...

    def close(self) -> None:
        """Close it; a `recv` that waits in another thread returns."""
        ...


class Dialer(Protocol):
    """Connects to a replica's port. Both methods raise `OSError` if nothing accepts."""

    def dial(self, address: str, timeout: float) -> Pipe:
        """Return a pipe to `host:port`, within `timeout` seconds.

        Through a relay, a refused connection may look like one that was closed at once.
        """
        ...

    def accepts(self, address: str, timeout: float) -> None:
        """Return once `host:port` has accepted a connection, within `timeout` seconds."""
        ...


class Conversation:
    """A pipe with one deadline for everything sent and read through it."""

    def __init__(self, pipe: Pipe, seconds: float) -> None:
        self._pipe = pipe
        self._deadline = time.monotonic() + seconds

    def send(self, data: bytes) -> None:
        """Send all of `data` before the deadline."""
        self._pipe.settimeout(self._remaining())
        self._pipe.sendall(data)

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; empty at the end."""
        self._pipe.settimeout(self._remaining())
        return self._pipe.recv(size)

    def exactly(self, size: int) -> bytes:
        """Return exactly `size` bytes.

        Raises:
            AnswerError: the server closed the connection before.
        """
        data = b""
        while len(data) < size:
            piece = self.read(size - len(data))
            if not piece:
                raise AnswerError("closed the connection in the middle of its answer")
            data += piece
        return data

    def _remaining(self) -> float:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining


class OpenPipes:
    """A dialer that tracks its open pipes, so that all of them can be closed at once.

    Other things that threads wait for, such as running healthchecks, can be held with them.
    """

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._open: set[Closable] = set()
        self._closed = False
        self._guard = threading.Lock()

    def dial(self, address: str, timeout: float) -> Pipe:
        """As the dialer; the pipe comes back closed if `close` was called before."""
        return self.hold(self._dialer.dial(address, timeout))

    def hold(self, held: Held) -> Held:
        """Track `held` until it is released, and return it; closed if `close` was called before."""
        with self._guard:
            self._open.add(held)
            late = self._closed
        if late:
            held.close()
        return held

    def accepts(self, address: str, timeout: float) -> None:
        """As the dialer."""
        self._dialer.accepts(address, timeout)

    def release(self, held: Closable) -> None:
        """Close something that no thread waits for any longer, and stop tracking it."""
        with self._guard:
            self._open.discard(held)
        held.close()

    def close(self) -> None:
        """Close everything that is open, and whatever is dialled or held afterwards."""
        with self._guard:
            self._closed = True
            left = tuple(self._open)
        for held in left:
            held.close()
