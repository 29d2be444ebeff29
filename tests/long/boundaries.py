"""SIGKILL, SIGTERM, SIGINT and SIGHUP where each phase and step begins, then the same command."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from tests.e2e.harness import claims
from tests.e2e.harness.rolling import under_load
from tests.e2e.harness.running import running
from tests.e2e.harness.trouble import ended_with
from tests.long import recipes
from tests.long.course import Course
from tests.long.killed import kill_and_run_again
from tests.long.moments import SIGNALS, Moment, Usual, watched
from tests.long.signals import signal_and_run_again


def run(course: Course, directory: Path) -> None:
    """One beginning and one signal a round; the load goes on all the time."""
    with running(recipes.app(), directory, prefix=recipes.PREFIX) as stack:
        ended_with(stack.update("app"), 0)
        with under_load(stack, recipes.FULL, limit=recipes.LIMIT) as load:
            stack.push("usual")
            strikes = _strikes(watched(stack, "app"))
            for number, (begins, moment, signum) in zip(course.each(), strikes, strict=False):
                course.counts[f"struck where {begins} begins"] += 1
                stack.push(f"round-{number}")
                if signum == signal.SIGKILL:
                    kill_and_run_again(course, stack, number, moment)
                else:
                    signal_and_run_again(course, stack, number, signum, moment)
        course.answered(load.result())
        with course.promised("no request fails"):
            claims.nothing_was_lost(load.result())


def _strikes(usual: Usual) -> Iterator[tuple[str, Moment, int]]:
    """Every beginning with every signal, again and again."""
    for events, name in cycle(usual.begins):
        for signum in (signal.SIGKILL, *SIGNALS):
            yield name, Moment(events, 0.0), signum
