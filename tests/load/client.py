"""The HTTP clients: one class, and a table that says how the kinds differ."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Protocol

from tests.load.answer import Answer
from tests.load.connection import Connection, connect
from tests.load.judge import Judge
from tests.load.mix import Mix
from tests.load.outcome import Event, Failure, Kind, LostRequestError
from tests.load.pace import Stop
from tests.load.recorder import Recorder
from tests.load.target import Target

_REUSES = {Kind.KEEPALIVE, Kind.POST, Kind.IDLE, Kind.NAIVE}
_POSTS = {Kind.POST, Kind.HALF_POST}
_GOLDEN = 0.618


class Pacing(Protocol):
    """When the next request is due: `Pace` or `Pause`."""

    async def next(self) -> float:
        """Wait for it; return the time the request counts from."""

    def restart(self) -> None:
        """Start the grid anew."""


@dataclass(frozen=True)
class Surroundings:
    """What all clients of a load share."""

    target: Target
    mix: Mix
    recorder: Recorder
    stop: Stop


class Client:
    """One HTTP client of one kind; `number` tells it from its like."""

    def __init__(self, around: Surroundings, kind: Kind, number: int, pacing: Pacing) -> None:
        self._target, self._mix = around.target, around.mix
        self._recorder, self._stop = around.recorder, around.stop
        self._kind, self._number, self._pacing = kind, number, pacing
        self._connection: Connection | None = None
        self._sent = 0
        self._judge = Judge(around.mix)
        self._get = self._head("GET", self._path())

    async def run(self) -> None:
        """Ask until the load is over; a request under way is always seen to its end."""
        try:
            while not self._done():
                start = await self._pacing.next()
                if self._stop.over:
                    return
                self._sent += 1
                if not await self._request(start) and not self._done():
                    await self._stop.sleep(self._mix.failure_pause)
                    self._pacing.restart()
        finally:
            self._drop()

    def _done(self) -> bool:
        return self._stop.over or self._sent == self._mix.each

    async def _request(self, start: float) -> bool:
        body = self._body() if self._kind in _POSTS else b""
        try:
            answer = await self._exchange(body)
        except LostRequestError as lost:
            self._drop()
            self._recorder.failed(self._kind, start, lost.failure, lost.detail)
            return False
        version = self._judge.version(answer)
        wrong = self._judge.fault(answer, body)
        if wrong is None:
            self._recorder.succeeded(self._kind, start, version)
        else:
            self._recorder.failed(self._kind, start, wrong[0], wrong[1], version)
        return wrong is None

    async def _exchange(self, body: bytes) -> Answer:
        connection = await self._ready_connection()
        if self._kind is Kind.HALF_POST:
            answer = await self._exchange_halves(connection, body)
        else:
            answer = await connection.send(self._request_bytes(body), self._mix.timeout)
        if self._kind not in _REUSES:
            self._drop()
        elif not answer.reusable:
            self._recorder.noted(Event.CLOSE_HONOURED)
            self._drop()
        return answer

    async def _exchange_halves(self, connection: Connection, body: bytes) -> Answer:
        half = len(body) // 2
        head = self._head("POST", self._path(), len(body))
        answer = connection.send(head + body[:half], self._mix.timeout)
        await asyncio.wait({answer}, timeout=self._half_pause())
        if not answer.done():
            connection.write(body[half:])
        return await answer

    async def _ready_connection(self) -> Connection:
        kept = self._connection
        if kept is not None and (self._kind is Kind.NAIVE or await kept.reusable()):
            return kept
        if kept is not None:
            self._drop()
            if kept.unsolicited:
                detail = f"{kept.unsolicited[:80]!r} with no request outstanding"
                raise LostRequestError(Failure.MALFORMED, detail)
            self._recorder.noted(Event.IDLE_CLOSED)
        self._connection = await connect(self._target, self._mix.connect_timeout)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    def _path(self) -> str:
        chosen = None
        if self._kind in _POSTS:
            chosen = self._mix.post_path
        elif self._kind is Kind.SLOW:
            chosen = self._mix.slow_path
        return chosen or self._target.path

    def _request_bytes(self, body: bytes) -> bytes:
        return self._head("POST", self._path(), len(body)) + body if body else self._get

    def _head(self, method: str, path: str, length: int | None = None) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._mix.host or self._target.authority}"]
        if length is not None:
            lines += ["Content-Type: text/plain", f"Content-Length: {length}"]
        if self._kind not in _REUSES:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode()

    def _body(self) -> bytes:
        # Hex of fresh random bytes: an answer to another request can never pass for the echo.
        return os.urandom((self._mix.body_size + 1) // 2).hex().encode()

    def _half_pause(self) -> float:
        low, high = self._mix.half_pause
        spread: float = (self._number + self._sent) * _GOLDEN % 1
        return low + (high - low) * spread
