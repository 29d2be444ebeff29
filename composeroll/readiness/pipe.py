"""Bytes to and from a replica's port, whichever way they travel."""

from __future__ import annotations

import threading
import time
from typing import Protocol, TypeVar

from composeroll.readiness.answer import AnswerError


class Closable(Protocol):
    """What somebody waits for."""

    def close(self) -> None:
        """Close; who waits in another thread waits no longer."""
        ...


Held = TypeVar("Held", bound=Closable)


class Pipe(Closable, Protocol):
    """A connection, as much of it as a conversation needs."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of `data`."""
        ...

    def recv(self, size: int, /) -> bytes:
        """Up to `size` bytes, empty at the end; `TimeoutError` after the set timeout."""
        ...

    def settimeout(self, seconds: float, /) -> None:
        """How long one `recv` or `sendall` may take from now on."""
        ...

    def close(self) -> None:
        """Close; a `recv` that waits in another thread ends too."""
        ...


class Dialer(Protocol):
    """The way to a replica's port. Both methods raise `OSError` where nothing accepts."""

    def dial(self, address: str, timeout: float) -> Pipe:
        """A pipe to `host:port`; seconds. Through a relay a refusal may only show as its end."""
        ...

    def accepts(self, address: str, timeout: float) -> None:
        """Return once `host:port` has accepted a connection; seconds."""
        ...


class Conversation:
    """A pipe with one deadline over everything that is said on it."""

    def __init__(self, pipe: Pipe, seconds: float) -> None:
        self._pipe = pipe
        self._deadline = time.monotonic() + seconds

    def send(self, data: bytes) -> None:
        """Send all of `data` before the deadline."""
        self._pipe.settimeout(self._remaining())
        self._pipe.sendall(data)

    def read(self, size: int) -> bytes:
        """Some bytes, at most `size`; empty at the end."""
        self._pipe.settimeout(self._remaining())
        return self._pipe.recv(size)

    def exactly(self, size: int) -> bytes:
        """As many bytes as asked for.

        Raises:
            AnswerError: the other side closed before.
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
    """A dialer that knows which of its pipes are open, so that all can be ended at once.

    What else somebody waits for can be held with them.
    """

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._open: set[Closable] = set()
        self._closed = False
        self._guard = threading.Lock()

    def dial(self, address: str, timeout: float) -> Pipe:
        """As the dialer, unless everything has been closed already."""
        return self.hold(self._dialer.dial(address, timeout))

    def hold(self, held: Held) -> Held:
        """The same, to be closed with the pipes until it is released; at once if they are."""
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
        """Close one pipe whose conversation is over, or what else nobody waits for any longer."""
        with self._guard:
            self._open.discard(held)
        held.close()

    def close(self) -> None:
        """Close all that is open, and each that is dialled or held from now on."""
        with self._guard:
            self._closed = True
            left = tuple(self._open)
        for held in left:
            held.close()
