"""`python -m tests.sim --rollouts 1000000 --seed 1`: random histories by the thousand, counted.

A history that breaks an invariant is shrunk and printed, with the command that finds it again; the
others go on. Every few minutes one line says how far it is, and Ctrl-C ends it with its figures.
"""

from __future__ import annotations

import sys
import time
import traceback
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.sim.figures import Figures
from tests.sim.histories import History, Play
from tests.sim.quick import quick
from tests.sim.strategies import histories

CHUNK = 200
"""Histories drawn from one seed: Hypothesis remembers all it has drawn from one."""


EVERY = 300.0
"""Seconds between two lines that say how far it is."""


@dataclass(slots=True)
class Long:
    """A run over many seeds: what was counted so far, and how many histories broke.

    Attributes:
        reported: when it last said how far it is.
    """

    first: int
    counted: Figures = field(default_factory=Figures)
    broken: int = 0
    began: float = field(default_factory=time.monotonic)
    reported: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self.began

    def take(self, number: int, figures: Figures, broken: str) -> None:
        """One seed's histories, played."""
        self.counted.merge(figures)
        if broken:
            self.broken += 1
            print(f"{broken}\nagain: python -m tests.sim --rollouts 1 --seed {number}", flush=True)
        if time.monotonic() - self.reported > EVERY:
            self.reported = time.monotonic()
            print(
                f"{self.counted.rollouts:,} rollouts, {self.broken} broken, {self.seconds:.0f} s",
                flush=True,
            )

    def __str__(self) -> str:
        ended = f"broken histories, in {self.seconds:.0f} s, from seed {self.first}"
        return f"{self.counted}\n{self.broken:>12}  {ended}"


def main() -> int:
    """Draw histories until there were as many rollouts; 1 where an invariant broke."""
    parser = ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    wanted = parser.parse_args()
    long = Long(wanted.seed)
    with suppress(KeyboardInterrupt), ProcessPoolExecutor(wanted.jobs) as pool:
        for number, figures, broken in _rounds(pool, wanted.seed, wanted.jobs):
            long.take(number, figures, broken)
            if long.counted.rollouts >= wanted.rollouts or long.seconds > 60 * wanted.minutes:
                break
    print(long)
    return 1 if long.broken else 0


def _rounds(pool: ProcessPoolExecutor, first: int, jobs: int) -> Iterator[tuple[int, Figures, str]]:
    """One chunk a seed, as many side by side as there are jobs."""
    for start in count(first, jobs):
        yield from pool.map(chunk, range(start, start + jobs))


def chunk(number: int) -> tuple[int, Figures, str]:
    """The histories of one seed: the seed, what was counted, and what broke, if anything did."""
    figures = Figures()

    @seed(number)
    @settings(
        max_examples=CHUNK,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories())
    def play(history: History) -> None:
        figures.merge(Play(history).perform())

    try:
        with quick():
            play()
    except Exception as broken:  # noqa: BLE001 - whatever it is, it is what was looked for
        return number, figures, _told(broken)
    return number, figures, ""


def _told(broken: BaseException) -> str:
    """What broke, and where, and the smallest history found that breaks it."""
    each = broken.exceptions if isinstance(broken, BaseExceptionGroup) else (broken,)
    return "\n".join(line for one in each for line in _lines(one))


def _lines(broken: BaseException) -> list[str]:
    last = traceback.extract_tb(broken.__traceback__)[-1]
    return [f"BROKEN: {broken}", f"  {last.line}", *getattr(broken, "__notes__", ())]


if __name__ == "__main__":
    sys.exit(main())
