"""Requests to the Engine API over a few persistent connections.

Paths have no version, so the engine uses its newest; only fields that have been stable since
Engine 20 are read.
"""

from __future__ import annotations

import http.client
import json
import select
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from composeroll.engine.api.answer import Answer
from composeroll.engine.api.transport import HELP, Stream, Transport
from composeroll.errors import EngineUnreachable

CALL_SECONDS = 60.0
"""Time limit; nearly all calls take milliseconds, on a busy engine some take seconds."""


class Connection(http.client.HTTPConnection):
    """HTTP on a stream that is already open."""

    def __init__(self, stream: Stream) -> None:
        super().__init__("docker")
        self.stream = stream
        self.sock = stream.sock

    def connect(self) -> None:
        """Raise: a broken connection is replaced, never reconnected."""
        raise http.client.NotConnected

    def end(self) -> None:
        """Close it, with its transport."""
        self.close()
        self.stream.close()

    @property
    def gone(self) -> bool:
        """Whether the engine has closed it: an idle connection has nothing to read but its end."""
        return self.sock is None or bool(select.select([self.sock], [], [], 0)[0])


class Api:
    """The Engine API. Any number of threads may call; each call uses a separate connection.

    After any exception during a call its connection is closed, since the rest of that answer would
    be read as the beginning of the next.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(transport.limit) if transport.limit else None

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, fine: Collection[int] = ()
    ) -> Answer:
        """Send a GET request; see `send`."""
        return self.send("GET", path, query, fine=fine)

    def post(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,  # noqa: ANN401 anything JSON
        *,
        fine: Collection[int] = (),
        timeout: float = CALL_SECONDS,
    ) -> Answer:
        """Send a POST request, with `body` as JSON; see `send`."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self.send("POST", path, query, content, headers, fine=fine, timeout=timeout)

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        fine: Collection[int] = (),
        timeout: float = CALL_SECONDS,
    ) -> Answer:
        """Send a request and wait for its whole answer, at most `timeout` seconds between bytes.

        Raises:
            EngineError: the engine refuses with a status that is not among `fine`.
            EngineUnreachable: no answer, or none in time.
        """
        with self._connection() as connection:
            target = address(path, query)
            with speaking_to(connection.stream, timeout):
                connection.request(method, target, body, dict(headers or {}))
                response = connection.getresponse()
                answer = Answer(response.status, response.read())
        return answer.require(f"{method} {path}", fine)

    @contextmanager
    def opening(self) -> Iterator[Connection]:
        """Yield a connection outside the pool, for an endless answer; the caller ends it.

        It only counts toward the transport's limit during the block, which ends when the engine has
        answered: an sshd drops some of many concurrent logins, but an endless answer must not keep
        other calls waiting.
        """
        with self._place():
            connection = Connection(self.transport.open())
            try:
                yield connection
            except BaseException:
                connection.end()
                raise

    def close(self) -> None:
        """End the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.end()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with self._place():
            connection = self._take() or Connection(self.transport.open())
            try:
                yield connection
            except BaseException:
                connection.end()
                raise
            self._give_back(connection)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._places is None:
            yield
        else:
            with self._places:
                yield

    def _take(self) -> Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if not connection.gone:
                return connection
            connection.end()

    def _give_back(self, connection: Connection) -> None:
        if connection.sock is None:
            connection.end()
            return
        with self._lock:
            self._idle.append(connection)


def address(path: str, query: Mapping[str, str] | None) -> str:
    """Return path and query as in a request line."""
    return f"{path}?{urlencode(query)}" if query else path


@contextmanager
def speaking_to(stream: Stream, timeout: float) -> Iterator[None]:
    """Set the stream's timeout, and turn its errors into EngineUnreachable."""
    stream.sock.settimeout(timeout)
    try:
        yield
    except TimeoutError as error:
        what = f"the engine did not answer within {timeout:g} s"
        raise EngineUnreachable(what, help=HELP) from error
    except (OSError, http.client.HTTPException) as error:
        raise _broken(stream.complaint().splitlines(), error) from error


def _broken(said: Sequence[str], error: Exception) -> EngineUnreachable:
    """Return the error for a broken stream, with the transport's complaint if there is one."""
    if not said:
        what = f"the connection to the engine broke: {error or type(error).__name__}"
        return EngineUnreachable(what, help=HELP)
    first, *more = said
    return EngineUnreachable(f"no engine answers: {first}", help=HELP, evidence=tuple(more))
