"""SIGTERM, SIGINT and SIGHUP at any moment: taken back first, and the same command converges."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

from tests.e2e.harness import claims
from tests.e2e.harness.rolling import is_tidy, under_load
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Done, Stack
from tests.e2e.harness.trouble import ended_with
from tests.long import recipes
from tests.long.course import Course
from tests.long.leftovers import nothing_of_ours_is_left
from tests.long.moments import SIGNALS, Moment, any_moment, struck, watched

PAST_THE_LINE = 5
"""What a run says that a signal ends too late to take anything back."""


def run(course: Course, directory: Path) -> None:
    """Signal, look, run the same command again; the load goes on all the time."""
    with running(recipes.app(), directory, prefix=recipes.PREFIX) as stack:
        ended_with(stack.update("app"), 0)
        with under_load(stack, recipes.FULL, limit=recipes.LIMIT) as load:
            stack.push("usual")
            usual = watched(stack, "app")
            for number, signum in zip(course.each(), cycle(SIGNALS), strict=False):
                stack.push(f"round-{number}")
                signal_and_run_again(course, stack, number, signum, any_moment(number, usual))
        course.answered(load.result())
        with course.promised("no request fails"):
            claims.nothing_was_lost(load.result())


def signal_and_run_again(
    course: Course, stack: Stack, number: int, signum: int, moment: Moment
) -> None:
    """One update that gets a signal, and the one that finishes it."""
    before = claims.Before.of(stack)
    done, doing = struck(stack, moment, signum, "app")
    course.counts[f"ended with {done.code}"] += 1
    where = f"round {number}, signal {signum} at {doing}"
    with course.promised(where):
        _ended_well(done, signum)
        if done.code == 128 + signum:
            assert stack.containers() == before.containers
    with course.timed("update after a signal"):
        again = stack.update(*recipes.DRAIN, "app")
    course.say(f"{where}: {done.code}; again: {again.code}")
    with course.promised(f"{where}: the same command converges"):
        ended_with(again, 0)
        claims.all_are_new(stack, "app", before.containers, 2)
        is_tidy(stack, ("app",), before)
        nothing_of_ours_is_left(stack)


def _ended_well(done: Done, signum: int) -> None:
    """By the signal, past the line, or before it came; with -n where there was no handler yet."""
    assert done.code in (128 + signum, PAST_THE_LINE, 0, -signum), str(done)
    assert "Traceback" not in done.stderr, str(done)
