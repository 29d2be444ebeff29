"""`python -m tests.mutation [--sample 200] [--jobs 2] [FILE[:LINE]…]`: what nobody notices.

The unit tests of the rollout and a part of the simulation run against each mutant of the planner,
the steps and the locks.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from tests.mutation.forks import NOTICED, Forks
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.trees import ROOT, try_in_trees

FILES = (
    "composeroll/rollout/planning/*.py",
    *(
        f"composeroll/rollout/{name}.py"
        for name in ("apply", "observed", "doubted", "roll", "scale")
    ),
    *(f"composeroll/rollout/lock/{name}.py" for name in ("hold", "note")),
    "composeroll/rollout/steps/*.py",
)
TESTS = ("tests/unit/rollout", "tests/sim")


def main() -> int:
    """Run them; 1 where one is not noticed: it survives, or could not be tried."""
    parser = ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    wanted = parser.parse_args()
    every = list(dict.fromkeys(m for pattern in wanted.files for m in _mutants(pattern)))
    dice = Random(wanted.seed)  # noqa: S311 - a sample that can be drawn again
    chosen = dice.sample(every, min(wanted.sample, len(every))) if wanted.sample else every
    ends: Counter[str] = Counter()

    def tell(mutant: Mutant, end: str) -> None:
        ends[end] += 1
        print(f"{end}  {mutant}", flush=True)

    forks = Forks([m for m in chosen if m.function], wanted.jobs, tell)
    if code := pytest.main(["-q", "-s", "-p", "no:cacheprovider", *TESTS], plugins=[forks]):
        return int(code)
    try_in_trees([m for m in chosen if not m.function], TESTS, wanted.jobs, tell)
    print(f"{len(every)} mutants, {len(chosen)} tried: {dict(ends)}")
    return 0 if all(end.startswith(NOTICED) for end in ends) else 1


def _mutants(pattern: str) -> Iterator[Mutant]:
    files, _, line = pattern.partition(":")
    if not (paths := sorted(ROOT.glob(files))):
        raise SystemExit(f"there is no {files}")
    for path in paths:
        for mutant in mutants_of(str(path.relative_to(ROOT)), path.read_text()):
            if not line or mutant.line == int(line):
                yield mutant


if __name__ == "__main__":
    sys.exit(main())
