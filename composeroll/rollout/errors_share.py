"""The share of errors in the new replicas' answers, and whether it is too high. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from composeroll.model import Answered

ERROR = 500
"""The lowest status that reports an error of the server (RFC 9110, section 15.6)."""

ROUND = 0.1
"""The share from which it is printed in whole per cent."""

SAMPLES = 5
"""How many log lines are shown as evidence."""


class Count(Struct, frozen=True):
    """A number of answers, and how many of them were 5xx."""

    answers: int = 0
    errors: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.answers + other.answers, self.errors + other.errors)

    def __str__(self) -> str:
        return f"{self.errors} of {self.answers} requests with 5xx ({percent(self.share)})"

    @property
    def share(self) -> float:
        """The share of 5xx among the answers; 0 if there were none."""
        return self.errors / self.answers if self.answers else 0.0


class Limit(Struct, frozen=True):
    """The limit for errors.

    Attributes:
        share: the share of the answers that may be 5xx (0.05 is 5 %), in addition to `before`.
        least: how many answers a judgement needs.
        before: the share of 5xx among the old replicas' answers.
    """

    share: float
    least: int
    before: float = 0.0

    def __str__(self) -> str:
        if not self.before:
            return f"{percent(self.share)} allowed"
        return f"{percent(self.share)} allowed beyond the {percent(self.before)} of the old ones"

    def broken_by(self, count: Count) -> bool:
        """Return whether there are enough answers, and more errors among them than allowed."""
        return count.answers >= self.least and count.share > self.share + self.before


class Breach(Struct, frozen=True):
    """A broken limit: the server with the most errors, its count, and lines that show them.

    Attributes:
        address: empty if the log does not say which server answered.
        total: the count of all new replicas.
    """

    address: str
    count: Count
    total: Count
    lines: tuple[str, ...]


class Tally(Struct):
    """Counts the new replicas' answers.

    Attributes:
        addresses: the servers whose answers count; others are ignored.
        counts: the counts by address.
    """

    addresses: frozenset[str]
    counts: dict[str, Count] = field(default_factory=dict)
    _samples: dict[str, list[str]] = field(default_factory=dict)

    def take(self, answers: Iterable[Answered]) -> None:
        """Count answers."""
        for answer in answers:
            if answer.address in self.addresses:
                wrong = answer.status >= ERROR
                before = self.counts.get(answer.address, Count())
                self.counts[answer.address] = before + Count(1, int(wrong))
                if wrong:
                    self._keep(answer)

    @property
    def total(self) -> Count:
        """The count of all servers together."""
        return sum(self.counts.values(), Count())

    def verdict(self, limit: Limit) -> Breach | None:
        """Return what breaks the limit, a single server or all together; None if nothing does."""
        if not any(map(limit.broken_by, (*self.counts.values(), self.total))):
            return None
        worst = _worst(self.counts, limit)
        return Breach(worst, self.counts[worst], self.total, tuple(self._samples[worst]))

    def _keep(self, answer: Answered) -> None:
        """Keep the newest lines as samples, oldest first."""
        lines = self._samples.setdefault(answer.address, [])
        lines.append(answer.line)
        del lines[:-SAMPLES]


def share_of_errors(answers: Iterable[Answered], addresses: frozenset[str], least: int) -> float:
    """Return the share of 5xx among these servers' answers; 0 if there are fewer than `least`."""
    tally = Tally(addresses)
    tally.take(answers)
    return tally.total.share if tally.total.answers >= least else 0.0


def percent(share: float) -> str:
    """Return for example `31%`, or `0.5%` for small shares."""
    digits = f"{share * 100:.0f}" if share >= ROUND else f"{share * 100:.2g}"
    return f"{digits}%"


def _worst(counts: Mapping[str, Count], limit: Limit) -> str:
    """Return the server that breaks the limit by itself with the most errors, if one does."""
    return max(
        counts, key=lambda address: (limit.broken_by(counts[address]), counts[address].errors)
    )
