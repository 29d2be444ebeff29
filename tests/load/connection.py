"""One HTTP/1.1 connection with one request at a time; how it ends decides the class of failure."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import cast

from tests.load.answer import Answer, AnswerParser
from tests.load.dial import dial, no_tls
from tests.load.head import MalformedError
from tests.load.outcome import Failure, LostRequestError
from tests.load.target import Target


class Connection(asyncio.Protocol):
    """An open connection.

    `answered` counts its whole answers: from the first on, a close or reset before any byte of the
    next answer is STALE_REUSE. `unsolicited` holds bytes that came with no request outstanding,
    `sock` is what lies below, for looks that take nothing.
    """

    def __init__(self, sock: socket.socket, *, tls: bool) -> None:
        self.answered = 0
        self.unsolicited = b""
        self.closed = False
        self.sock = sock
        self._tls = tls
        self._cause: Exception | None = None
        self._transport: asyncio.Transport | None = None
        self._parser = AnswerParser()
        self._waiter: asyncio.Future[Answer] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def reusable(self) -> bool:
        """Look for a close, as real clients do before they use an idle connection again.

        The kernel is asked, not only the event loop: a FIN that came since its last turn counts.
        What comes under TLS may be a close, bytes that nobody asked for, or neither: the event
        loop has its turns until it has read it all.
        """
        while not (self.closed or self.unsolicited):
            try:
                waiting = self.sock.recv(64, socket.MSG_PEEK)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not waiting or not self._tls:
                self.unsolicited += waiting
                return False
            await asyncio.sleep(0)
        return False

    def send(self, request: bytes, timeout: float) -> asyncio.Future[Answer]:
        """Write `request`, return its answer's future, which may hold a LostRequestError."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        self._parser = AnswerParser()
        if self.closed:
            self._fail(self._loss(self._cause))
        else:
            self._timer = loop.call_later(timeout, self._expire, timeout)
            self.write(request)
        return self._waiter

    def write(self, data: bytes) -> None:
        """Write more of the request; what became of it shows in the answer's future."""
        if self._transport is not None and not self.closed:
            self._transport.write(data)

    def abort(self) -> None:
        """Drop the connection; nothing is recorded any more."""
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse; a whole answer ends the wait."""
        if self._waiter is None or self._waiter.done():
            self.unsolicited += data
            return
        try:
            answer = self._parser.feed(data)
        except MalformedError as error:
            self._fail(LostRequestError(Failure.MALFORMED, str(error)))
            return
        if answer is not None:
            self._succeed(answer)

    def eof_received(self) -> None:
        """Note the server's FIN; the transport then closes, so `connection_lost` follows."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, with `exc` for a reset."""
        self._end(exc)

    def _end(self, cause: Exception | None) -> None:
        if self.closed:
            return
        self.closed, self._cause = True, cause
        if self._waiter is None or self._waiter.done():
            return
        answer = self._parser.finish() if cause is None else None
        if answer is None:
            self._fail(self._loss(cause))
        else:
            self._succeed(answer)

    def _loss(self, cause: Exception | None) -> LostRequestError:
        how = "FIN" if cause is None else str(cause) or type(cause).__name__
        received = self._parser.received
        if not received and self.answered:
            return LostRequestError(Failure.STALE_REUSE, f"{how} after {self.answered} answers")
        if cause is not None:
            return LostRequestError(Failure.RESET, f"{how} after {received} bytes of answer")
        if received:
            return LostRequestError(Failure.TRUNCATED, f"FIN after {received} bytes of answer")
        return LostRequestError(Failure.EMPTY_REPLY, "FIN before any byte of answer")

    def _expire(self, timeout: float) -> None:
        received = self._parser.received
        detail = f"{received} bytes of answer after {timeout:g} s"
        self._fail(LostRequestError(Failure.TIMEOUT, detail))

    def _succeed(self, answer: Answer) -> None:
        self.answered += 1
        self._settle()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(answer)

    def _fail(self, loss: LostRequestError) -> None:
        self._settle()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(loss)

    def _settle(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def connect(target: Target, patience: float) -> Connection:
    """Return a new connection; `patience` is for TCP and for TLS, each.

    Raises LostRequestError with a CONNECT_ class, or RESET where TLS fails.
    """
    sock = await dial(target, patience)
    loop = asyncio.get_running_loop()
    try:
        _, connection = await loop.create_connection(
            lambda: Connection(sock, tls=target.tls),
            sock=sock,
            ssl=target.ssl,
            server_hostname=target.server_hostname,
            ssl_handshake_timeout=patience if target.tls else None,
        )
    except BaseException as error:
        with contextlib.suppress(OSError):
            sock.close()
        if isinstance(error, OSError):
            raise no_tls(error, patience) from error
        raise
    return connection
