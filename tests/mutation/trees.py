"""Mutants of what is run at import: each is put into a copy of the tree, and tested there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.mutation.forks import NOTICED, SURVIVED, Tell, patience_after
from tests.mutation.mutants import Mutant

ROOT = Path(__file__).parents[2]
PARTS = ("composeroll", "tests", "docs", "nginx", "examples")


def try_in_trees(mutants: Sequence[Mutant], tests: Sequence[str], jobs: int, tell: Tell) -> None:
    """Run the tests on each, once they have passed in a copy where nothing is changed.

    Raises:
        RuntimeError: they did not: whatever they then say of a mutant means nothing.
    """
    if not mutants:
        return
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(jobs) as side_by_side:
        trees: SimpleQueue[Path] = SimpleQueue()
        for job in range(jobs):
            trees.put(last := _copied(Path(directory, str(job))))
        began = time.monotonic()
        if _tested(last, tests, None) != SURVIVED:
            raise RuntimeError("the tests fail in a copy where nothing is changed")
        patience = patience_after(time.monotonic() - began)

        def try_one(mutant: Mutant) -> None:
            tree = trees.get()  # nobody else uses it meanwhile
            file = tree / mutant.path
            whole = file.read_text()
            file.write_text(mutant.source)
            tell(mutant, _tested(tree, tests, patience))
            file.write_text(whole)
            trees.put(tree)

        list(side_by_side.map(try_one, mutants))


def _copied(tree: Path) -> Path:
    for name in PARTS:
        ignored = shutil.ignore_patterns(".*", "__pycache__")
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def _tested(tree: Path, tests: Sequence[str], patience: float | None) -> str:
    argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    with subprocess.Popen(
        argv, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            return NOTICED if process.wait(patience) else SURVIVED
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # it and whatever it has started
            return f"{NOTICED} (it did not end)"
