"""Who the clients are: how many of each kind, what they ask for, how fast, how long they wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from tests.load.outcome import Kind

PACED = (Kind.KEEPALIVE, Kind.FRESH, Kind.POST, Kind.NAIVE)
"""The kinds that share `Mix.rate`; the others make their own pauses."""


@dataclass(frozen=True)
class Mix:
    """The mix of clients. Times are seconds, sizes bytes, paths begin with a slash.

    The counts are concurrent clients. Paths that are None: the URL's own path for `post_path`;
    no such clients at all for `slow_path` and `websocket_path`.
    """

    keepalive: int = 4
    fresh: int = 2
    post: int = 2
    half_post: int = 2
    slow: int = 2
    idle: int = 2
    naive: int = 0
    websocket: int = 2

    post_path: str | None = None
    slow_path: str | None = None
    websocket_path: str | None = None
    host: str | None = None
    """The Host header, where a virtual host is meant."""

    rate: float | None = 600.0
    """Requests per second of all PACED clients together; None: as fast as answers come."""
    each: int | None = None
    """Requests, or handshakes and messages, after which a client ends; None: no end."""
    body_size: int = 512
    echo: bool = False
    """POSTs: the answer must contain the body that was sent, not only have a good status."""
    half_pause: tuple[float, float] = (0.5, 1.5)
    """Shortest and longest pause between the halves of a body."""
    idle_pause: float = 2.0
    """Must be below nginx's keepalive_min_timeout."""
    websocket_pause: float = 0.5
    failure_pause: float = 0.05
    """A client's wait after a failure, so that a dead server is not counted a million times; also
    a websocket's before it comes back from a clean close."""

    connect_timeout: float = 5.0
    timeout: float = 15.0
    """From the first byte sent to the last byte of the answer, `half_pause` included."""
    expect: tuple[int, ...] = (200,)
    version_header: str = "X-Version"
    version_pattern: str | None = None
    """Searched in the body where the header is missing; its first group, or the whole match."""

    def __post_init__(self) -> None:
        """Raise ValueError for a mix with no clients, a negative number or a bad pattern."""
        re.compile(self.version_pattern or "")
        if any(count < 0 for count in self._counts().values()) or not self.clients():
            raise ValueError("a mix has counts of 0 or more, and at least one client")
        if (self.rate is not None and self.rate <= 0) or self.timeout <= 0:
            raise ValueError("rate and timeout are above 0")

    def clients(self) -> dict[Kind, int]:
        """Return how many clients of each kind run, the kinds without a client left out."""
        counts = self._counts()
        if self.slow_path is None:
            counts[Kind.SLOW] = 0
        if self.websocket_path is None:
            counts[Kind.WEBSOCKET] = 0
        return {kind: count for kind, count in counts.items() if count}

    def interval(self) -> float:
        """Return the seconds between two requests of one paced client, 0 for no limit."""
        paced = sum(count for kind, count in self.clients().items() if kind in PACED)
        return paced / self.rate if self.rate else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return all fields, as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build a mix from what `to_json` returned, its lists back to tuples."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data.items()
            if name in known
        }
        return cls(**values)

    def _counts(self) -> dict[Kind, int]:
        return {kind: getattr(self, kind.name.lower()) for kind in Kind}
