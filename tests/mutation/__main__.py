"""`python -m tests.mutation [--sample 200] [--seed 1] [FILE…]`: what the tests do not notice.

Each mutant of the planner, the steps and the locks is put into a copy of the tree, where the unit
tests of the rollout and a part of the simulation run against it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from random import Random

from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
PLANNER = ("plan", "part", "outgoing", "numbering", "order", "apply", "observed", "roll", "scale")
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
    wanted = parser.parse_args()
    paths = sorted({path for pattern in wanted.files for path in ROOT.glob(pattern)})
    every = [m for p in paths for m in mutants_of(str(p.relative_to(ROOT)), p.read_text())]
    dice = Random(wanted.seed)  # noqa: S311 - a sample that can be drawn again
    chosen = dice.sample(every, min(wanted.sample, len(every))) if wanted.sample else every
    with tempfile.TemporaryDirectory() as directory:
        tree = _copied(Path(directory))
        if _tested(tree) != "survived":
            parser.error("the tests fail before anything is changed")
        ends = Counter(_end(mutant, tree) for mutant in chosen)
    print(f"{len(every)} mutants, {len(chosen)} tried: {dict(ends)}")
    return 1 if ends["survived"] else 0


def _copied(tree: Path) -> Path:
    for name in ("composeroll", "tests", "docs", "nginx", "examples"):
        shutil.copytree(
            ROOT / name, tree / name, ignore=shutil.ignore_patterns(".*", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


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
    try:
        done = subprocess.run(argv, cwd=tree, capture_output=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return "noticed (it did not end)"
    return "noticed" if done.returncode else "survived"


if __name__ == "__main__":
    sys.exit(main())
