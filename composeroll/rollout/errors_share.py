"""How new replicas answer: answers into counts, counts into a verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from composeroll.model import Answered

ERROR = 500
"""From here on a status is the server's fault (RFC 9110, section 15.6)."""

ROUND = 0.1
"""From this share on, whole per cent are exact enough to read."""

SAMPLES = 5
"""Log lines to show as evidence."""


class Count(Struct, frozen=True):
    """Answers, and how many of them were 5xx."""

    answers: int = 0
    errors: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.answers + other.answers, self.errors + other.errors)

    def __str__(self) -> str:
        return f"{self.errors} of {self.answers} requests with 5xx ({percent(self.share)})"

    @property
    def share(self) -> float:
        """Which part of the answers was 5xx; 0 where there was none."""
        return self.errors / self.answers if self.answers else 0.0


class Limit(Struct, frozen=True):
    """What is allowed.

    Attributes:
        share: the part of the answers that may be 5xx (0.05 is 5 %), beyond `before`.
        least: how many answers it takes to judge.
        before: the part that was 5xx of what the old replicas answered.
    """

    share: float
    least: int
    before: float = 0.0

    def __str__(self) -> str:
        if not self.before:
            return f"{percent(self.share)} allowed"
        return f"{percent(self.share)} allowed beyond the {percent(self.before)} of the old ones"

    def broken_by(self, count: Count) -> bool:
        """Whether there are enough answers, and more of them are errors than allowed."""
        return count.answers >= self.least and count.share > self.share + self.before


class Breach(Struct, frozen=True):
    """The bound is broken: the server that erred most, its count, and lines that show it.

    Attributes:
        address: empty where the log does not say who answered.
        total: the count of all new replicas.
    """

    address: str
    count: Count
    total: Count
    lines: tuple[str, ...]


class Tally(Struct):
    """What new replicas answered.

    Attributes:
        addresses: whose answers count; those of anybody else are left out.
        counts: by address.
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
        """All of them together."""
        return sum(self.counts.values(), Count())

    def verdict(self, limit: Limit) -> Breach | None:
        """What breaks the limit: one server by itself, or all of them together."""
        if not any(map(limit.broken_by, (*self.counts.values(), self.total))):
            return None
        worst = _worst(self.counts, limit)
        return Breach(worst, self.counts[worst], self.total, tuple(self._samples[worst]))

    def _keep(self, answer: Answered) -> None:
        """The newest lines, oldest first."""
        lines = self._samples.setdefault(answer.address, [])
        lines.append(answer.line)
        del lines[:-SAMPLES]


def share_of_errors(answers: Iterable[Answered], addresses: frozenset[str], least: int) -> float:
    """Return the share of 5xx among these servers' answers; 0 if there are fewer than `least`."""
    tally = Tally(addresses)
    tally.take(answers)
    return tally.total.share if tally.total.answers >= least else 0.0


def percent(share: float) -> str:
    """`31%`, and `0.5%` where a whole number would say too little."""
    digits = f"{share * 100:.0f}" if share >= ROUND else f"{share * 100:.2g}"
    return f"{digits}%"


def _worst(counts: Mapping[str, Count], limit: Limit) -> str:
    """One that breaks the limit by itself, if there is one, with the most errors."""
    return max(
        counts, key=lambda address: (limit.broken_by(counts[address]), counts[address].errors)
    )
