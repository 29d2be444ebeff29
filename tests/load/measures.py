"""The values that a result is read in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self

from tests.load.samples import Window


class Mark(NamedTuple):
    """A moment the test or demo noted, monotonic seconds."""

    name: str
    at: float


class Seen(NamedTuple):
    """When a version answered: start of its first and last request (monotonic s), and how many."""

    first: float
    last: float
    requests: int


class Latency(NamedTuple):
    """Seconds, nearest rank, of `requests` successful requests; all 0 where there were none."""

    p50: float
    p99: float
    longest: float
    requests: int

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Self:
        """Compute from durations in any order."""
        ranked = sorted(seconds)
        if not ranked:
            return cls(0.0, 0.0, 0.0, 0)
        last = len(ranked) - 1
        return cls(ranked[last * 50 // 100], ranked[-(-last * 99 // 100)], ranked[-1], len(ranked))


class Second(NamedTuple):
    """One second of the load: its number from 0, requests begun in it, those that failed."""

    number: int
    requests: int
    failed: int


class Phases(NamedTuple):
    """The windows around two marks."""

    before: Window
    during: Window
    after: Window
