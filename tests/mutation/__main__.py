"""`python -m tests.mutation [--sample 200] [--seed 1] [--jobs 2] [FILE…]`: what nobody notices.

Each mutant of the planner, the steps and the locks is put into a copy of the tree, where the unit
tests of the rollout and a part of the simulation run against it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from random import Random

from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
PLANNER = (
    *("plan", "need", "part", "gateway_part", "counting", "outgoing", "numbering", "order"),
    *("apply", "observed", "roll", "scale"),
)
FILES = (
    *(f"composeroll/rollout/{name}.py" for name in PLANNER),
    *(f"composeroll/rollout/lock/{name}.py" for name in ("hold", "note")),
    "composeroll/rollout/steps/*.py",
)
TESTS = ("tests/unit/rollout", "tests/sim")
PATIENCE = 180
"""Seconds after which a mutant counts as noticed: a loop that does not end would be."""


def main() -> int:
    """Run them; 1 where one survives."""
    parser = ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    wanted = parser.parse_args()
    paths = sorted({path for pattern in wanted.files for path in ROOT.glob(pattern)})
    every = [m for p in paths for m in mutants_of(str(p.relative_to(ROOT)), p.read_text())]
    dice = Random(wanted.seed)  # noqa: S311 - a sample that can be drawn again
    chosen = dice.sample(every, min(wanted.sample, len(every))) if wanted.sample else every
    with tempfile.TemporaryDirectory() as directory:
        trees: SimpleQueue[Path] = SimpleQueue()
        for job in range(wanted.jobs):
            trees.put(_copied(Path(directory, str(job))))
        if _with_a_tree(trees, _tested) != "survived":
            parser.error("the tests fail before anything is changed")
        with ThreadPoolExecutor(wanted.jobs) as side_by_side:
            tried = side_by_side.map(lambda m: _with_a_tree(trees, partial(_end, m)), chosen)
            ends = Counter(tried)
    print(f"{len(every)} mutants, {len(chosen)} tried: {dict(ends)}")
    return 1 if ends["survived"] else 0


def _copied(tree: Path) -> Path:
    for name in ("composeroll", "tests", "docs", "nginx", "examples"):
        shutil.copytree(
            ROOT / name, tree / name, ignore=shutil.ignore_patterns(".*", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def _with_a_tree(trees: SimpleQueue[Path], do: Callable[[Path], str]) -> str:
    """Do something in a tree that nobody else uses meanwhile."""
    tree = trees.get()
    try:
        return do(tree)
    finally:
        trees.put(tree)


def _end(mutant: Mutant, tree: Path) -> str:
    file = tree / mutant.path
    whole = file.read_text()
    file.write_text(mutant.source)
    end = _tested(tree)
    file.write_text(whole)
    print(f"{end}  {mutant}", flush=True)
    return end


def _tested(tree: Path) -> str:
    argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS]
    with subprocess.Popen(
        argv, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as tests:
        try:
            return "noticed" if tests.wait(PATIENCE) else "survived"
        except subprocess.TimeoutExpired:
            os.killpg(tests.pid, signal.SIGKILL)  # it and whatever it has started
            return "noticed (it did not end)"


if __name__ == "__main__":
    sys.exit(main())
