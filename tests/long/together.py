"""Several updates at once: of one service one wins; of several services each goes its way."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.harness import claims
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Done, Stack
from tests.e2e.harness.trouble import ended_with
from tests.long import recipes
from tests.long.course import Course
from tests.long.leftovers import nothing_of_ours_is_left
from tests.long.stretches import stretches, under_judged_load

CROWDS = (2, 5)
LOCKED = 4
WAITING = ("--lock-wait", "3m")

STRETCH = 5
"""Rounds under one load: each has seventeen updates, most of which wait for one another."""


def run(course: Course, directory: Path) -> None:
    """Each round: two and five that do not wait, as many that do, and two services at once."""
    with running(recipes.two_apps(), directory, prefix=recipes.PREFIX) as stack:
        ended_with(stack.update("app", "other"), 0)
        for stretch in stretches(course.each(), STRETCH):
            with under_judged_load(course, stack, recipes.FULL):
                for number in stretch:
                    for size in CROWDS:
                        one_wins(course, stack, f"{number}-{size}", size)
                        all_queue(course, stack, f"{number}-{size}-queue", size)
                    each_goes_its_way(course, stack, f"{number}-both")


def one_wins(course: Course, stack: Stack, version: str, size: int) -> None:
    """Of those that do not wait one does it; others are told who, or come when it is done."""
    before = _pushed(stack, version, "app")
    ends = at_once(stack, [(*recipes.DRAIN, "app")] * size)
    codes = sorted(end.code for end in ends)
    course.say(f"{version}: {size} at once: {codes}")
    course.counts.update(f"{size} at once: ended with {code}" for code in codes)
    with course.promised(f"{version}: one of {size} wins"):
        assert set(codes) <= {0, LOCKED}, "\n".join(map(str, ends))
        _one_did_it(ends)
        for end in ends:
            if end.code == LOCKED:
                ended_with(
                    end, LOCKED, "is locked by", stack.advised("composeroll", "lock release app")
                )
        _is_right(stack, ("app",), before)


def all_queue(course: Course, stack: Stack, version: str, size: int) -> None:
    """Those that wait all end well: the first does it, the others find nothing to do."""
    before = _pushed(stack, version, "app")
    with course.timed(f"{size} that queue"):
        ends = at_once(stack, [(*recipes.DRAIN, *WAITING, "app")] * size)
    course.say(f"{version}: {size} that wait: {sorted(end.code for end in ends)}")
    with course.promised(f"{version}: {size} queue"):
        for end in ends:
            ended_with(end, 0)
        _one_did_it(ends)
        _is_right(stack, ("app",), before)


def each_goes_its_way(course: Course, stack: Stack, version: str) -> None:
    """Two services of one project, behind one nginx, updated by two runs at once."""
    before = _pushed(stack, version, "app", "other")
    ends = at_once(stack, [(*recipes.DRAIN, "app"), (*recipes.DRAIN, "other")])
    course.say(f"{version}: two services at once: {[end.code for end in ends]}")
    course.counts.update(f"two services at once: ended with {end.code}" for end in ends)
    with course.promised(f"{version}: two services at once"):
        for end in ends:
            ended_with(end, 0)
        _is_right(stack, ("app", "other"), before)


def at_once(stack: Stack, calls: Sequence[Sequence[str]]) -> list[Done]:
    """Updates that begin at the same moment."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda words: stack.update(*words), calls))


def _one_did_it(ends: Sequence[Done]) -> None:
    """And whoever else ended with 0 found nothing to do."""
    last = [end.stderr.splitlines()[-1] for end in ends if end.code == 0]
    assert sum("updated" in words for words in last) == 1, "\n".join(map(str, ends))


def _pushed(stack: Stack, version: str, *services: str) -> claims.Before:
    before = claims.Before.of(stack)
    for service in services:
        stack.push(version, service)
    return before


def _is_right(stack: Stack, services: tuple[str, ...], before: claims.Before) -> None:
    for service in services:
        claims.all_are_new(stack, service, before.containers, 2)
    is_tidy(stack, services, before)
    nothing_of_ours_is_left(stack)
