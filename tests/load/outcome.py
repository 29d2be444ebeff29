"""What can become of one request: kinds of client, classes of failure, harmless events."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Kind(IntEnum):
    """A way to be a client. The numbers are those of the samples' column."""

    KEEPALIVE = 0
    FRESH = 1
    POST = 2
    HALF_POST = 3
    SLOW = 4
    IDLE = 5
    NAIVE = 6
    WEBSOCKET = 7

    @property
    def words(self) -> str:
        """What a newcomer calls it."""
        return _KIND_WORDS[self]


class Failure(IntEnum):
    """Why a request failed. The numbers, from 1, are those of the samples' column; 0 is success."""

    CONNECT_REFUSED = 1
    CONNECT_TIMEOUT = 2
    CONNECT_ERROR = 3
    RESET = 4
    EMPTY_REPLY = 5
    STALE_REUSE = 6
    TRUNCATED = 7
    SERVER_ERROR = 8
    UNEXPECTED_STATUS = 9
    TIMEOUT = 10
    MALFORMED = 11
    WRONG_BODY = 12
    WS_REFUSED = 13
    WS_DROP = 14
    WS_CLOSE_CODE = 15

    @property
    def words(self) -> str:
        """What a newcomer calls it."""
        return _FAILURE_WORDS[self]


class Event(StrEnum):
    """What is counted and is no failure."""

    IDLE_CLOSED = "idle_closed"
    CLOSE_HONOURED = "close_honoured"
    WS_CLOSED_CLEANLY = "ws_closed_cleanly"
    WS_RECONNECTED = "ws_reconnected"
    WS_UNANSWERED = "ws_unanswered"

    @property
    def words(self) -> str:
        """What a newcomer calls it."""
        return _EVENT_WORDS[self]


class LostRequestError(Exception):
    """One request that failed below the level of HTTP's status: its class and what was seen."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(f"{failure.name.lower()}: {detail}")
        self.failure = failure
        self.detail = detail


_KIND_WORDS = {
    Kind.KEEPALIVE: "GET, connection kept",
    Kind.FRESH: "GET, new connection each",
    Kind.POST: "POST, connection kept",
    Kind.HALF_POST: "POST sent in two halves",
    Kind.SLOW: "slow requests",
    Kind.IDLE: "GET, mostly idle",
    Kind.NAIVE: "GET, never looks for close",
    Kind.WEBSOCKET: "websocket messages",
}

_FAILURE_WORDS = {
    Failure.CONNECT_REFUSED: "connection refused",
    Failure.CONNECT_TIMEOUT: "no connection in time",
    Failure.CONNECT_ERROR: "could not connect",
    Failure.RESET: "connection reset",
    Failure.EMPTY_REPLY: "closed without an answer",
    Failure.STALE_REUSE: "kept connection closed under a request",
    Failure.TRUNCATED: "answer cut short",
    Failure.SERVER_ERROR: "server error (5xx)",
    Failure.UNEXPECTED_STATUS: "unexpected status",
    Failure.TIMEOUT: "no whole answer in time",
    Failure.MALFORMED: "not valid HTTP or websocket",
    Failure.WRONG_BODY: "echo differs from what was sent",
    Failure.WS_REFUSED: "websocket refused",
    Failure.WS_DROP: "websocket dropped without goodbye",
    Failure.WS_CLOSE_CODE: "websocket closed with an error code",
}

_EVENT_WORDS = {
    Event.IDLE_CLOSED: "idle connections closed by the server, noticed before re-use",
    Event.CLOSE_HONOURED: "kept connections ended by 'Connection: close' in an answer",
    Event.WS_CLOSED_CLEANLY: "websockets closed cleanly by the server (1000, 1001)",
    Event.WS_RECONNECTED: "websockets connected again after a clean close",
    Event.WS_UNANSWERED: "websocket messages still unanswered at a clean close",
}
