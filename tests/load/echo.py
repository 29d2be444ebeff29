"""The websocket clients: send a message, expect it back, come back when sent away."""

from __future__ import annotations

import os
from dataclasses import replace

from tests.load.client import Surroundings
from tests.load.judge import Judge
from tests.load.outcome import Event, Failure, Kind, LostRequestError
from tests.load.recorder import clock
from tests.load.websocket import Closed, WebSocket, open_websocket

GOODBYE = 1.0
"""Seconds for the server to answer our own close at the end of the load."""
CLEAN = (1000, 1001)
"""Close codes after which a client comes back and nobody was hurt (RFC 6455 section 7.4.1)."""


class EchoClient:
    """One websocket client. Each handshake and each message is a request in the record."""

    def __init__(self, around: Surroundings, path: str, offset: float) -> None:
        mix, target = around.mix, around.target
        self._target = replace(target, authority=mix.host or target.authority)
        self._mix, self._recorder, self._stop = mix, around.recorder, around.stop
        self._path, self._offset = path, offset
        self._judge = Judge(mix)
        self._sent = 0
        self._start = 0.0
        self._version = b""
        self._sent_away = False

    async def run(self) -> None:
        """Connect and talk until the load is over, again after every end of a connection."""
        await self._stop.sleep(self._offset)
        while not self._done():
            try:
                await self._connect_and_talk()
            except LostRequestError as lost:
                self._recorder.failed(Kind.WEBSOCKET, self._start, lost.failure, lost.detail)
            if not self._done():
                await self._stop.sleep(self._mix.failure_pause)

    def _done(self) -> bool:
        return self._stop.over or (self._mix.each is not None and self._sent >= self._mix.each)

    async def _connect_and_talk(self) -> None:
        self._start, mix = clock(), self._mix
        self._sent += 1
        websocket = await open_websocket(self._target, self._path, mix.connect_timeout, mix.timeout)
        try:
            self._connected(websocket)
            while not self._done():
                if not await self._message(websocket) or not await self._quiet(websocket):
                    return
            await websocket.goodbye(GOODBYE)
        finally:
            websocket.abort()

    def _connected(self, websocket: WebSocket) -> None:
        self._version = self._judge.version_named(websocket.head)
        self._recorder.succeeded(Kind.WEBSOCKET, self._start, self._version)
        if self._sent_away:
            self._recorder.noted(Event.WS_RECONNECTED)
            self._sent_away = False

    async def _message(self, websocket: WebSocket) -> bool:
        """Send one message and await its echo; return whether the connection still stands."""
        self._start = clock()
        self._sent += 1
        text = os.urandom(16).hex().encode()
        websocket.send(text)
        while (left := self._start + self._mix.timeout - clock()) > 0:
            event = await websocket.receive(left)
            if isinstance(event, Closed):
                self._recorder.noted(Event.WS_UNANSWERED)
                return self._closed(event)
            if event is not None and text in event.payload:
                version = self._judge.version_in(event.payload) or self._version
                self._recorder.succeeded(Kind.WEBSOCKET, self._start, version)
                return True
        raise LostRequestError(Failure.TIMEOUT, f"no echo within {self._mix.timeout:g} s")

    async def _quiet(self, websocket: WebSocket) -> bool:
        """Listen through the pause between messages; return whether the connection stands."""
        until = clock() + self._mix.websocket_pause
        while not self._done() and (left := until - clock()) > 0:
            try:
                event = await websocket.receive(left)
            finally:
                self._start = clock()  # a drop counts from when it was seen
            if isinstance(event, Closed):
                return self._closed(event)
        return True

    def _closed(self, event: Closed) -> bool:
        if event.code not in CLEAN:
            raise LostRequestError(Failure.WS_CLOSE_CODE, f"close code {event.code}")
        self._recorder.noted(Event.WS_CLOSED_CLEANLY)
        self._sent_away = True
        return False
