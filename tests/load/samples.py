"""The raw record: one row per request, kept as columns of machine numbers."""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

_TYPES = {"start": "d", "seconds": "f", "kind": "B", "outcome": "B", "version": "H"}


class Window(NamedTuple):
    """A span of monotonic time, `begin` included, `end` not; requests belong by their start."""

    begin: float = float("-inf")
    end: float = float("inf")


ALWAYS = Window()


class Sample(NamedTuple):
    """One request: start (monotonic s), duration (s), kind, 0 or a Failure, version's number."""

    start: float
    seconds: float
    kind: int
    outcome: int
    version: int


def _column(code: str) -> array[float]:
    return array(code)


@dataclass(frozen=True)
class Samples:
    """Equally long columns; 18 bytes a request. Version 0 stands for an answer that named none."""

    start: array[float] = field(default_factory=lambda: _column("d"))
    seconds: array[float] = field(default_factory=lambda: _column("f"))
    kind: array[int] = field(default_factory=lambda: array("B"))
    outcome: array[int] = field(default_factory=lambda: array("B"))
    version: array[int] = field(default_factory=lambda: array("H"))

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self.start)

    def add(self, sample: Sample) -> None:
        """Append one row."""
        self.start.append(sample.start)
        self.seconds.append(sample.seconds)
        self.kind.append(sample.kind)
        self.outcome.append(sample.outcome)
        self.version.append(sample.version)

    def rows(self, window: Window = ALWAYS, first: int = 0) -> Iterator[Sample]:
        """Yield the rows of a window in the order in which they ended, from row `first` on."""
        columns = (self.start, self.seconds, self.kind, self.outcome, self.version)
        for row in zip(*(column[first:] for column in columns), strict=True):
            if window.begin <= row[0] < window.end:
                yield Sample(row[0], row[1], int(row[2]), int(row[3]), int(row[4]))

    def encode(self) -> dict[str, str]:
        """Return the columns in this machine's byte order, as base64 by name."""
        return {
            name: base64.b64encode(getattr(self, name).tobytes()).decode() for name in _TYPES
        } | {"byteorder": sys.byteorder}

    @classmethod
    def decode(cls, data: Mapping[str, str]) -> Self:
        """Rebuild the columns from what `encode` returned on the same machine."""
        columns = {}
        for name, code in _TYPES.items():
            columns[name] = _column(code)
            columns[name].frombytes(base64.b64decode(data[name]))
        return cls(**columns)  # type: ignore[arg-type]
