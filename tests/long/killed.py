"""SIGKILL at any moment, then the same command: it converges, and no request notices."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.e2e.harness import claims
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import ended_with
from tests.long import recipes
from tests.long.course import Course
from tests.long.leftovers import nothing_of_ours_is_left, what_is_half_done
from tests.long.moments import Moment, any_moment, struck, watched
from tests.long.stretches import stretches, under_judged_load


def run(course: Course, directory: Path) -> None:
    """Kill, look, run the same command again; the load goes on all the time."""
    with running(recipes.app(), directory, prefix=recipes.PREFIX) as stack:
        ended_with(stack.update("app"), 0)
        with under_judged_load(course, stack, recipes.FULL):
            stack.push("usual")
            usual = watched(stack, "app")
        for stretch in stretches(course.each()):
            with under_judged_load(course, stack, recipes.FULL):
                for number in stretch:
                    stack.push(f"round-{number}")
                    kill_and_run_again(course, stack, number, any_moment(number, usual))


def kill_and_run_again(course: Course, stack: Stack, number: int, moment: Moment) -> str:
    """One update that is killed, and the one that finishes it; what the killed one was doing."""
    before = claims.Before.of(stack)
    killed, doing = struck(stack, moment, signal.SIGKILL, "app")
    course.counts[f"killed at {doing}" if killed.code < 0 else "ended before the kill"] += 1
    with course.promised(f"round {number}, killed at {doing}: status says what is half-done"):
        course.counts["half-done, and status said so"] += what_is_half_done(stack, before)
    with course.timed("update after a kill"):
        again = stack.update(*recipes.DRAIN, "app")
    course.say(f"round {number}: killed at {doing}; again: {again.code}")
    with course.promised(f"round {number}, killed at {doing}: the same command converges"):
        ended_with(again, 0)
        claims.all_are_new(stack, "app", before.containers, 2)
        is_tidy(stack, ("app",), before)
        nothing_of_ours_is_left(stack)
    return doing
