"""TLS over any pipe, without verifying the server."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from composeroll.readiness.pipe import Pipe

T = TypeVar("T")
_PIECE = 16 * 1024


class TlsPipe:
    """A pipe in which everything goes through TLS; any certificate is accepted.

    A replica or gateway is reached by its address, which its certificate need not name. What
    matters is its answer, not whether clients would trust it.
    """

    def __init__(self, pipe: Pipe, name: str) -> None:
        """Do the handshake, with the server name `name` unless it is empty."""
        self._pipe = pipe
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=name or None)
        self.settimeout = pipe.settimeout
        self.close = pipe.close
        self._carry(self._tls.do_handshake)

    def sendall(self, data: bytes) -> None:
        """Send all of `data`."""
        while data:
            data = data[self._carry(partial(self._tls.write, data)) :]

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes, empty at the end."""
        try:
            return self._carry(lambda: self._tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def _carry(self, act: Callable[[], T]) -> T:
        """Call `act`, and pass the bytes that TLS wants to send or read until it is done."""
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                self._flush()
                self._feed(self._pipe.recv(_PIECE))
            finally:
                self._flush()

    def _flush(self) -> None:
        if data := self._out.read():
            self._pipe.sendall(data)

    def _feed(self, data: bytes) -> None:
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()
