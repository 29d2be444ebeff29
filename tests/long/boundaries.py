"""SIGKILL, SIGTERM, SIGINT and SIGHUP where each phase and step begins, then the same command."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from tests.e2e.harness.running import running
from tests.e2e.harness.trouble import ended_with
from tests.long import recipes
from tests.long.course import Course
from tests.long.killed import kill_and_run_again
from tests.long.moments import SIGNALS, Moment, Usual, watched
from tests.long.signals import few_came_too_late, signal_and_run_again
from tests.long.stretches import stretches, under_judged_load


def run(course: Course, directory: Path) -> None:
    """One beginning and one signal a round; the load goes on all the time."""
    with running(recipes.app(), directory, prefix=recipes.PREFIX) as stack:
        ended_with(stack.update("app"), 0)
        with under_judged_load(course, stack, recipes.FULL):
            stack.push("usual")
            strikes = _strikes(watched(stack, "app"))
        for stretch in stretches(zip(course.each(), strikes, strict=False)):
            with under_judged_load(course, stack, recipes.FULL):
                for number, (moment, signum) in stretch:
                    stack.push(f"round-{number}")
                    if signum == signal.SIGKILL:
                        doing = kill_and_run_again(course, stack, number, moment)
                    else:
                        doing = signal_and_run_again(course, stack, number, signum, moment)
                    missed = "" if doing == moment.begins else f", wanted was {moment.begins}"
                    course.counts[f"struck at {doing}{missed}"] += 1
        with course.promised("signals are heeded: less than half come too late"):
            few_came_too_late(course)


def _strikes(usual: Usual) -> Iterator[tuple[Moment, int]]:
    """Every beginning with every signal, again and again."""
    for begins in cycle(usual.begins):
        for signum in (signal.SIGKILL, *SIGNALS):
            yield Moment(0.0, begins), signum
