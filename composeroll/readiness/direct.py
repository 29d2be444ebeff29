"""Direct connections from this machine, for networks that are bridges on it."""

from __future__ import annotations

import contextlib
import socket

CONNECT_LIMIT = 2.0
"""Seconds for a TCP handshake: one lost SYN is sent again after 1 s (RFC 6298)."""


class DirectPipe:
    """A socket whose `close` also wakes the thread that reads from it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.sendall = connection.sendall
        self.recv = connection.recv
        self.settimeout = connection.settimeout

    def close(self) -> None:
        """Shut down, then close: `close` alone would leave a blocked `recv` waiting."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class DirectDialer:
    """Connects from this machine."""

    def dial(self, address: str, timeout: float) -> DirectPipe:
        """Connect to `host:port` within `timeout` seconds."""
        limit = min(timeout, CONNECT_LIMIT)
        try:
            return DirectPipe(socket.create_connection(split(address), limit))
        except TimeoutError:
            raise OSError(f"no connection within {limit:.3g} s") from None

    def accepts(self, address: str, timeout: float) -> None:
        """Connect, and close the connection."""
        self.dial(address, timeout).close()


def split(address: str) -> tuple[str, int]:
    """Return host and port of `host:port`, an IPv6 host without its brackets."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)
