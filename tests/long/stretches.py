"""Rounds in stretches, each under a load of its own that is to lose nothing.

A load lasts an hour at most, and all that it saw has to fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import TypeVar

from tests.e2e.harness import claims
from tests.e2e.harness.rolling import under_load
from tests.e2e.harness.stack import Stack
from tests.load import Mix, Result
from tests.load.channel import LoadError
from tests.long.course import Course
from tests.long.recipes import LIMIT

STRETCH = 20
"""Rounds under one load."""

Round = TypeVar("Round")


def stretches(rounds: Iterator[Round], size: int = STRETCH) -> Iterator[Iterator[Round]]:
    """The rounds in stretches of some size; each is to be used up before the next."""
    for first in rounds:
        yield chain((first,), islice(rounds, size - 1))


@contextmanager
def under_judged_load(course: Course, stack: Stack, mix: Mix) -> Iterator[None]:
    """A load all the time of the block, counted, and a broken promise where it loses a request.

    It is counted too where the block fails, unless the load itself is what failed.
    """
    with under_load(stack, mix, limit=LIMIT) as load:
        try:
            yield
        except Exception:
            with suppress(LoadError):
                _judge(course, load.result())
            raise
    _judge(course, load.result())


def _judge(course: Course, result: Result) -> None:
    course.answered(result)
    with course.promised(f"no request fails up to round {course.counts['rounds']}"):
        claims.nothing_was_lost(result)
