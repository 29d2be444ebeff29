"""Connecting, and the three ways in which it fails."""

from __future__ import annotations

import asyncio
import socket

from tests.load.outcome import Failure, LostRequestError
from tests.load.target import Target


async def dial(target: Target, patience: float) -> socket.socket:
    """Return a connected, non-blocking socket within `patience` seconds.

    Raises LostRequestError with a CONNECT_ class.
    """
    sock = socket.socket(target.family, socket.SOCK_STREAM)
    sock.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
    try:
        async with asyncio.timeout(patience):
            await asyncio.get_running_loop().sock_connect(sock, (target.address, target.port))
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):
            raise _not_connected(error, patience) from error
        raise
    return sock


def no_tls(error: OSError, patience: float) -> LostRequestError:
    """Return the loss that a failed TLS handshake is; asyncio aborts one that takes too long."""
    if isinstance(error, ConnectionAbortedError):
        return LostRequestError(Failure.CONNECT_TIMEOUT, f"no TLS handshake within {patience:g} s")
    return LostRequestError(Failure.RESET, f"TLS handshake: {error}")


def _not_connected(error: OSError, patience: float) -> LostRequestError:
    if isinstance(error, ConnectionRefusedError):
        return LostRequestError(Failure.CONNECT_REFUSED, "nobody listens")
    if isinstance(error, TimeoutError):
        return LostRequestError(Failure.CONNECT_TIMEOUT, f"not accepted within {patience:g} s")
    return LostRequestError(Failure.CONNECT_ERROR, str(error))
