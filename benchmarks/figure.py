"""One figure of a run: what was measured, against which target."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value.

    Attributes:
        name: what it is.
        value: the measured value, in `unit`.
        unit: `x` for a ratio, `s`, `MB`, or what is counted.
        target: the greatest value that is wanted, None where it is only for comparison.
        detail: the values behind it.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    detail: str = ""

    @property
    def verdict(self) -> str:
        """`ok`, `OVER`, or nothing where there is no target."""
        if self.target is None:
            return ""
        return "ok" if self.value <= self.target else "OVER"

    def as_json(self) -> dict[str, Any]:
        """All of it, with the verdict."""
        return asdict(self) | {"verdict": self.verdict}


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned lines."""
    rows = [_cells(figure) for figure in figures]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    wanted = "" if figure.target is None else f"<= {figure.target:g} {figure.unit}"
    value = f"{figure.value:.3g} {figure.unit}"
    return figure.name, value, wanted, figure.verdict, figure.detail


def spread(values: Iterable[float]) -> str:
    """Median, least and greatest of some seconds, as one looks at them."""
    listed = sorted(values)
    return f"{statistics.median(listed):.3f} ({listed[0]:.3f}-{listed[-1]:.3f}) s"
