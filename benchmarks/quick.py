"""What has to be quick by itself: `--version`, `status`, and an update with nothing to do."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator

from benchmarks.clock import COMPOSEROLL, Run, composeroll, run
from benchmarks.figure import Figure, spread
from benchmarks.stack import stack

ROUNDS = 15

Measured = Callable[[], Run]


def quick() -> Iterator[Figure]:
    """The start of the program, and the verbs that change nothing."""
    yield _version()
    with stack(2) as ours:
        file = ("-f", str(ours.file))
        composeroll("update", "-q", *file, "app")
        status, update, pull = _in_turns(
            lambda: composeroll("status", *file),
            lambda: composeroll("update", *file, "app"),
            lambda: run(["docker", "compose", *file, "pull", "app"]),
        )
    yield Figure("status", _median(status), "s", 0.4, _spread(status))
    beyond = _median(update) - _median(pull)
    detail = f"update {_spread(update)}, `docker compose pull` {_spread(pull)}"
    yield Figure("no-op update beyond the pull", beyond, "s", 0.8, detail)
    yield Figure("peak memory, no-op update", max(one.peak for one in update), "MB", 80)


def _version() -> Figure:
    version, bare = _in_turns(
        lambda: run([*COMPOSEROLL, "--version"]), lambda: run([sys.executable, "-c", "pass"])
    )
    detail = f"--version {_spread(version)}, python -c pass {_spread(bare)}"
    return Figure("--version / bare python", _median(version) / _median(bare), "x", 3, detail)


def _in_turns(*measured: Measured) -> list[list[Run]]:
    """Run each of them in every round, so that noise meets all alike; the runs of each."""
    rounds = [[one() for one in measured] for _ in range(ROUNDS)]
    return [list(runs) for runs in zip(*rounds, strict=True)]


def _median(runs: list[Run]) -> float:
    return statistics.median(one.seconds for one in runs)


def _spread(runs: list[Run]) -> str:
    busy = statistics.median(one.busy for one in runs)
    return f"{spread(one.seconds for one in runs)}, busy {busy:.3f} s"
