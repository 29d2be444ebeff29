"""SIGTERM, SIGINT and SIGHUP at any moment: taken back first, and the same command converges."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

from tests.e2e.harness import claims
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Done, Stack
from tests.e2e.harness.trouble import ended_with
from tests.long import recipes
from tests.long.course import Course
from tests.long.leftovers import nothing_of_ours_is_left
from tests.long.moments import SIGNALS, Moment, any_moment, struck, watched
from tests.long.stretches import stretches, under_judged_load

PAST_THE_LINE = 5
"""What a run says that a signal ends too late to take anything back."""

FEW = 5
"""Rounds of which chance alone may let half come too late."""

FINISHED = '"event": "finished"'
HEEDED = "signal: was heeded"
TOO_LATE = "signal: came too late, ended with 0"


def run(course: Course, directory: Path) -> None:
    """Signal, look, run the same command again; the load goes on all the time."""
    with running(recipes.app(), directory, prefix=recipes.PREFIX) as stack:
        ended_with(stack.update("app"), 0)
        with under_judged_load(course, stack, recipes.FULL):
            stack.push("usual")
            usual = watched(stack, "app")
        for stretch in stretches(zip(course.each(), cycle(SIGNALS), strict=False)):
            with under_judged_load(course, stack, recipes.FULL):
                for number, signum in stretch:
                    stack.push(f"round-{number}")
                    moment = any_moment(number, usual)
                    signal_and_run_again(course, stack, number, signum, moment)
        with course.promised("signals are heeded: less than half come too late"):
            few_came_too_late(course)


def few_came_too_late(course: Course) -> None:
    """Else they were ignored."""
    late, heeded = course.counts[TOO_LATE], course.counts[HEEDED]
    assert late < heeded or late + heeded < FEW, f"{late} of {late + heeded}"


def signal_and_run_again(
    course: Course, stack: Stack, number: int, signum: int, moment: Moment
) -> str:
    """One update that gets a signal, and the one that finishes it; what the first was doing."""
    before = claims.Before.of(stack)
    done, doing = struck(stack, moment, signum, "app")
    course.counts[f"ended with {done.code}"] += 1
    course.counts[HEEDED if done.code else TOO_LATE] += 1
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
    return doing


def _ended_well(done: Done, signum: int) -> None:
    """By the signal, past the line, or before it came; with -n while there is no handler."""
    there_was_a_handler = done.stdout and FINISHED not in done.stdout
    by_itself = () if there_was_a_handler else (-signum,)
    assert done.code in (128 + signum, PAST_THE_LINE, 0, *by_itself), str(done)
    assert "Traceback" not in done.stderr, str(done)
