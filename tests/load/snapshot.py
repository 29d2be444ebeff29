"""The running load at a glance: what the demo's live view shows and a test can wait for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.load.measures import Latency
from tests.load.outcome import Failure, Kind
from tests.load.recorder import Recorder, clock
from tests.load.result import QUICK


@dataclass(frozen=True)
class Snapshot:
    """Totals since the load began, and `recent_` values of the last tick (0.2 s).

    `versions` counts good answers by version; `seconds` and latencies are seconds, `at` is when it
    was taken (monotonic s), `rate` is requests per second over the last tick.
    """

    seconds: float = 0.0
    at: float = 0.0
    requests: Mapping[Kind, int] = field(default_factory=dict)
    failures: Mapping[Failure, int] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    rate: float = 0.0
    recent_versions: Mapping[str, int] = field(default_factory=dict)
    recent_p50: float = 0.0
    recent_p99: float = 0.0

    @property
    def total(self) -> int:
        """Return the number of requests so far."""
        return sum(self.requests.values())

    @property
    def failed(self) -> int:
        """Return the number of failures so far."""
        return sum(self.failures.values())

    def to_json(self) -> dict[str, Any]:
        """Return the fields in plain types, enums by name."""
        return vars(self) | {
            "requests": {kind.name: count for kind, count in self.requests.items()},
            "failures": {failure.name: count for failure, count in self.failures.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild from what `to_json` returned."""
        enums = {
            "requests": {Kind[name]: count for name, count in data["requests"].items()},
            "failures": {Failure[name]: count for name, count in data["failures"].items()},
        }
        return cls(**{**data, **enums})


class Observer:
    """Takes snapshots of a recorder; each looks only at the rows since the one before."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._row = 0
        self._at = recorder.began
        self._requests: Counter[Kind] = Counter()
        self._versions: Counter[str] = Counter()

    def snapshot(self) -> Snapshot:
        """Return the state now."""
        recorder, now = self._recorder, clock()
        rows = list(recorder.samples.rows(first=self._row))
        good = [row for row in rows if not row.outcome]
        latency = Latency.of(row.seconds for row in good if row.kind in QUICK)
        recent = Counter(recorder.versions[row.version] for row in good if row.version)
        self._requests.update(Kind(row.kind) for row in rows)
        self._versions.update(recent)
        rate = len(rows) / max(now - self._at, 1e-6)
        self._row, self._at = self._row + len(rows), now
        return Snapshot(
            now - recorder.began,
            now,
            dict(self._requests),
            dict(recorder.failures),
            dict(self._versions),
            rate,
            dict(recent),
            latency.p50,
            latency.p99,
        )
