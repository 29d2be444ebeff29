"""How long a run goes on, and what it has seen."""

from __future__ import annotations

import json
import statistics
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bed.errors import NotReadyError
from tests.load import Result

ARTIFACTS = Path(__file__).parents[1] / ".artifacts"
LEAST = 2
"""Values that have a spread."""


@dataclass
class Course:
    """One run.

    Attributes:
        name: what it is called on the command line.
        rounds: how many are wanted.
        minutes: after which no further round begins.
        seconds: what was timed, in seconds, by what it is.
        counts: what was counted, by what it is.
        broken: promises that did not hold, each with its round.
    """

    name: str
    rounds: int
    minutes: float
    began: float = field(default_factory=time.monotonic)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def each(self, parts: int = 1) -> Iterator[int]:
        """The rounds' numbers, from 1, for as long as there is time: always one of them.

        A run that has several `parts`, each with rounds of its own, gives each the same time.
        """
        began = time.monotonic()
        for number in range(1, self.rounds + 1):
            if number > 1 and time.monotonic() - began > self.minutes * 60 / parts:
                self.say(f"time is up after {number - 1} rounds")
                return
            yield number
            self.counts["rounds"] += 1

    def say(self, text: str) -> None:
        """Print a line with the time since the beginning."""
        print(f"{time.monotonic() - self.began:7.1f} s  {text}", flush=True)

    def took(self, what: str, seconds: float) -> None:
        """Note a duration."""
        self.seconds.setdefault(what, []).append(seconds)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how long a block took."""
        began = time.monotonic()
        yield
        self.took(what, time.monotonic() - began)

    @contextmanager
    def promised(self, what: str) -> Iterator[None]:
        """A claim that fails in the block is a broken promise, and the run goes on."""
        try:
            yield
        except (AssertionError, NotReadyError) as wrong:
            self.breaks(what, wrong)

    @contextmanager
    def cut_short(self) -> Iterator[None]:
        """Whatever else goes wrong in the block ends it, and is a broken promise too.

        So a command that does not end, or a load that dies, costs no figure of the rounds before.
        """
        try:
            yield
        except Exception as wrong:  # noqa: BLE001 - whatever it is, the figures are to be seen
            traceback.print_exception(wrong)
            self.breaks(f"cut short in round {self.counts['rounds'] + 1}", wrong)

    def breaks(self, what: str, wrong: Exception) -> None:
        """Note a broken promise."""
        claim = traceback.extract_tb(wrong.__traceback__)[-1].line
        self.broken.append(f"{what}: {claim}: {type(wrong).__name__} {wrong}")
        self.say(f"BROKEN {self.broken[-1]}")

    def answered(self, result: Result, what: str = "requests") -> None:
        """Count a load."""
        self.counts[what] += result.total
        self.counts[f"{what} that failed"] += result.failed
        for failure, count in result.failures().items():
            self.counts[f"{what} that failed: {failure.words}"] += count

    def keep(self, name: str, text: str) -> None:
        """Keep a text among the artifacts."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        (ARTIFACTS / f"long-{self.name}-{name}").write_text(text, encoding="utf-8")

    def end(self) -> int:
        """Print and keep the figures; the exit code: 0, or 1 where a promise was broken."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        kept = ARTIFACTS / f"long-{self.name}.json"
        facts = {"counts": self.counts, "seconds": self.seconds, "broken": self.broken}
        kept.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        print(f"\n{self.name}: {time.monotonic() - self.began:.0f} s; figures in {kept}")
        for what, count in self.counts.items():
            print(f"  {what}: {count:,}")
        for what, values in self.seconds.items():
            print(f"  {what}: {spread(values)}")
        print(f"  broken promises: {len(self.broken)}")
        return int(bool(self.broken))


def spread(values: Sequence[float]) -> str:
    """Median, 99th percentile and greatest of some seconds."""
    if len(values) < LEAST:
        return "".join(f"{value:.2f} s" for value in values)
    late = statistics.quantiles(values, n=100, method="inclusive")[98]
    middle = statistics.median(values)
    return f"median {middle:.2f} s, p99 {late:.2f} s, max {max(values):.2f} s, n={len(values)}"
