"""The engine's events about a project's containers, as they happen."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
import time
from collections.abc import Collection, Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, Self

from composeroll.engine.api.answer import Answer
from composeroll.engine.api.connection import CALL_SECONDS, Api, Connection, address, speaking_to
from composeroll.engine.inspection import PROJECT, SERVICE
from composeroll.errors import EngineError, EngineUnreachable
from composeroll.model import ContainerEvent

RELIST = ContainerEvent(action="relist", id="", service="")
"""The stream broke and was opened again: containers have to be listed again."""

RETRY_SECONDS = 0.2
"""Wait before each attempt to open a broken stream again; `since` fills the gap."""

SILENCE_SECONDS = 30.0
"""Time without an event after which the engine is pinged: if a remote host loses its power, TCP
notices only after hours."""

SIGN_SECONDS = 10.0
"""Time limit of a ping, including a new ssh connection."""

RENEWAL_SECONDS = 300.0
"""Time without an event after which a stream is opened again even if the engine answers on another
connection, since a router may have dropped only this one."""


class EventStream:
    """The events since it was created.

    A thread reads them, so that `next` can have a time limit. If the stream breaks, as when the
    engine restarts, it is opened again from the last event, and `RELIST` is delivered. Another
    thread breaks a silent stream whose connection may be dead.
    """

    def __init__(self, api: Api, project: str, actions: Collection[str] = ()) -> None:
        self._api = api
        self._filters = {"type": ["container"], "label": [f"{PROJECT}={project}"]}
        if actions:
            self._filters["event"] = sorted(actions)
        self._since = ""
        self._waiting: queue.SimpleQueue[ContainerEvent] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._connection, response = self._open()
        self._thread = threading.Thread(target=self._run, args=(response,), daemon=True)
        self._thread.start()
        self._minding = threading.Thread(target=self._mind_silence, daemon=True)
        self._minding.start()

    def next(self, timeout: float) -> ContainerEvent | None:
        """Return the next event, `RELIST`, or None if none came within `timeout` seconds."""
        try:
            return self._waiting.get(timeout=timeout)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        self._cut()
        self._thread.join()
        self._minding.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> tuple[Connection, HTTPResponse]:
        query = {"filters": json.dumps(self._filters)}
        if self._since:
            query["since"] = self._since
        with self._api.opening() as connection, speaking_to(connection.stream, CALL_SECONDS):
            connection.request("GET", address("/events", query))
            response = connection.getresponse()
            if response.status != 200:  # noqa: PLR2004 the one status that streams
                Answer(response.status, response.read()).require("GET /events")
        connection.stream.sock.settimeout(None)
        self._heard = time.monotonic()
        return connection, response

    def _run(self, response: HTTPResponse | None) -> None:
        while response is not None:
            self._deliver(response)
            self._connection.end()
            response = self._open_again()

    def _deliver(self, response: HTTPResponse) -> None:
        with contextlib.suppress(OSError, HTTPException, ValueError):
            while line := response.readline():
                self._heard = time.monotonic()
                event = json.loads(line)
                self._since = _nanoseconds(event)
                self._waiting.put(parse_event(event))

    def _mind_silence(self) -> None:
        while not self._closed.wait(SILENCE_SECONDS):
            silent = time.monotonic() - self._heard
            if silent >= RENEWAL_SECONDS or (silent >= SILENCE_SECONDS and not self._is_alive()):
                self._cut()

    def _is_alive(self) -> bool:
        try:
            self._api.send("GET", "/_ping", timeout=SIGN_SECONDS)
        except EngineUnreachable:
            self._api.close()  # the kept connections are dead too
            return False
        except EngineError:
            return True
        return True

    def _cut(self) -> None:
        """Make the reading thread find the stream's end."""
        with contextlib.suppress(OSError):
            self._connection.stream.sock.shutdown(socket.SHUT_RDWR)

    def _open_again(self) -> HTTPResponse | None:
        while not self._closed.wait(RETRY_SECONDS):
            with contextlib.suppress(EngineUnreachable, EngineError):
                self._connection, response = self._open()
                self._waiting.put(RELIST)
                return self._unless_closed(response)
        return None

    def _unless_closed(self, response: HTTPResponse) -> HTTPResponse | None:
        """Return the response, None if `close` was called while the stream was being opened."""
        if not self._closed.is_set():
            return response
        self._connection.end()
        return None


def parse_event(event: Mapping[str, Any]) -> ContainerEvent:
    """Parse one event of the engine's JSON."""
    actor = event["Actor"]
    attributes: dict[str, str] = actor.get("Attributes") or {}
    return ContainerEvent(
        action=event["Action"],
        id=actor["ID"],
        service=attributes.get(SERVICE, ""),
        attributes=attributes,
    )


def _nanoseconds(event: Mapping[str, Any]) -> str:
    """Return the event's time for `since`, plus one nanosecond: `since` includes its own moment."""
    seconds, rest = divmod(int(event["timeNano"]) + 1, 10**9)
    return f"{seconds}.{rest:09d}"
