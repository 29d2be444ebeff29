"""Where the clients write down what happened to them, while it happens."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from tests.load.outcome import Event, Failure, Kind
from tests.load.samples import Sample, Samples

EXAMPLES = 5
"""Failures of each class that are kept with their detail."""
VERSIONS = 500
"""Distinct versions told apart; a pattern that matches a clock must not eat the memory."""

clock = time.monotonic


@dataclass(frozen=True)
class Example:
    """One failure as it was seen: start (monotonic s), duration (s), who, which, and what."""

    start: float
    seconds: float
    kind: Kind
    failure: Failure
    detail: str


class Recorder:
    """The mutable record of a running load; `began` is monotonic seconds."""

    def __init__(self) -> None:
        self.began = clock()
        self.lag = 0.0
        self.samples = Samples()
        self.examples: list[Example] = []
        self.events: Counter[Event] = Counter()
        self.failures: Counter[Failure] = Counter()
        self.versions: list[str] = [""]
        self._numbers: dict[bytes, int] = {b"": 0}

    def succeeded(self, kind: Kind, start: float, version: bytes) -> None:
        """Record a request answered as it should be, just now."""
        seconds = clock() - start
        self.samples.add(Sample(start, seconds, kind, 0, self._number(version)))

    def failed(
        self, kind: Kind, start: float, failure: Failure, detail: str, version: bytes = b""
    ) -> None:
        """Record a request that failed just now; its first examples keep their detail."""
        seconds = clock() - start
        self.samples.add(Sample(start, seconds, kind, failure, self._number(version)))
        self.failures[failure] += 1
        if self.failures[failure] <= EXAMPLES:
            self.examples.append(Example(start, seconds, kind, failure, detail))

    def noted(self, event: Event) -> None:
        """Count something that is no failure."""
        self.events[event] += 1

    def _number(self, version: bytes) -> int:
        number = self._numbers.get(version)
        if number is None:
            number = self._numbers[version] = min(len(self.versions), VERSIONS)
            if number < VERSIONS:
                self.versions.append(version.decode(errors="replace"))
            elif len(self.versions) == VERSIONS:
                self.versions.append("(others)")
        return number
