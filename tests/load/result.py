"""What a load saw, frozen: counts, versions and latencies of any window, merge, JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.load.measures import Latency, Mark, Phases, Second, Seen
from tests.load.outcome import Event, Failure, Kind
from tests.load.recorder import Example
from tests.load.samples import ALWAYS, Sample, Samples, Window

QUICK = (Kind.KEEPALIVE, Kind.FRESH, Kind.POST)
"""The kinds whose latency says something about the server; the others wait on purpose."""


@dataclass(frozen=True)
class Result:
    """The whole load. Times are monotonic seconds, the same clock in every process of a machine.

    `lag` is the worst lateness (s) of the load's own clock tick: a latency below it may be the
    instrument's, not the server's. `examples` are the first failures of each class.
    """

    began: float
    ended: float
    samples: Samples
    names: tuple[str, ...]
    examples: tuple[Example, ...] = ()
    events: Mapping[Event, int] | None = None
    marks: tuple[Mark, ...] = ()
    lag: float = 0.0

    @property
    def total(self) -> int:
        """Return the number of requests, websocket handshakes and messages included."""
        return len(self.samples)

    @property
    def failed(self) -> int:
        """Return the number of failures of all classes."""
        return sum(map(bool, self.samples.outcome))

    def requests(self, window: Window = ALWAYS) -> dict[Kind, int]:
        """Return how many requests of each kind began in the window, kinds without any left out."""
        counts = Counter(row.kind for row in self.samples.rows(window))
        return {kind: counts[kind] for kind in Kind if counts[kind]}

    def failures(self, window: Window = ALWAYS) -> dict[Failure, int]:
        """Return how many failed by class, classes without any left out: empty is what we want."""
        counts = Counter(row.outcome for row in self.samples.rows(window))
        return {failure: counts[failure] for failure in Failure if counts[failure]}

    def failures_by_kind(self) -> dict[Kind, int]:
        """Return how many failed by kind of client, kinds without any left out."""
        counts = Counter(row.kind for row in self.samples.rows() if row.outcome)
        return {kind: counts[kind] for kind in Kind if counts[kind]}

    def versions(self, window: Window = ALWAYS) -> dict[str, Seen]:
        """Return which versions answered well, in the order of their first answer."""
        seen: dict[int, Seen] = {}
        for row in self.samples.rows(window):
            if row.version and not row.outcome:
                seen[row.version] = _widened(seen.get(row.version), row)
        ordered = sorted(seen.items(), key=lambda item: item[1].first)
        return {self.names[number]: span for number, span in ordered}

    def latency(self, window: Window = ALWAYS, kinds: Iterable[Kind] = QUICK) -> Latency:
        """Return the latency of the successful requests of these kinds begun in the window."""
        wanted = frozenset(kinds)
        rows = self.samples.rows(window)
        return Latency.of(row.seconds for row in rows if row.kind in wanted and not row.outcome)

    def per_second(self) -> list[Second]:
        """Return the histogram over the load's seconds, empty seconds included."""
        requests: Counter[int] = Counter()
        failed: Counter[int] = Counter()
        for row in self.samples.rows():
            number = max(0, int(row.start - self.began))
            requests[number] += 1
            failed[number] += bool(row.outcome)
        last = max(requests, default=-1)
        return [Second(number, requests[number], failed[number]) for number in range(last + 1)]

    def at(self, name: str) -> float:
        """Return when the first mark of this name was set; raises KeyError."""
        for mark in self.marks:
            if mark.name == name:
                return mark.at
        raise KeyError(name)

    def phases(self, began: str, ended: str, steady: str | None = None) -> Phases:
        """Return the windows before, between and after two marks; raises KeyError.

        The one before begins with the mark `steady`, where something else happened earlier.
        """
        first, last = self.at(began), self.at(ended)
        calm = self.at(steady) if steady else ALWAYS.begin
        return Phases(Window(calm, first), Window(first, last), Window(begin=last))

    def merge(self, other: Result) -> Result:
        """Return both loads as one, e.g. of several processes or rounds on one machine."""
        names = list(dict.fromkeys((*self.names, *other.names)))
        both = Samples()
        for result in (self, other):
            for row in result.samples.rows():
                both.add(row._replace(version=names.index(result.names[row.version])))
        return Result(
            min(self.began, other.began),
            max(self.ended, other.ended),
            both,
            tuple(names),
            self.examples + other.examples,
            Counter(self.events or {}) + Counter(other.events or {}),
            tuple(sorted(self.marks + other.marks, key=lambda mark: mark.at)),
            max(self.lag, other.lag),
        )


def _widened(seen: Seen | None, row: Sample) -> Seen:
    if seen is None:
        return Seen(row.start, row.start, 1)
    return Seen(min(seen.first, row.start), max(seen.last, row.start), seen.requests + 1)
