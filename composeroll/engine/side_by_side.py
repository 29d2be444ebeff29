"""The same call on several containers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 32
"""Stopping waits for the containers' own grace periods, so more threads than cores pay off."""


def side_by_side(call: Callable[[Item], Result], items: Iterable[Item]) -> tuple[Result, ...]:
    """`call` on every item, results in the items' order.

    All calls are ended when this returns or raises, whether one failed or a signal came: what
    happens next never meets a call that is still under way.

    Raises:
        BaseException: the first failure in the items' order; the others are its notes.
    """
    listed = tuple(items)
    if len(listed) == 1:
        return (call(listed[0]),)
    with ThreadPoolExecutor(min(AT_ONCE, len(listed)) or 1) as pool:
        running = [pool.submit(call, item) for item in listed]
    failures = [failure for future in running if (failure := future.exception())]
    for other in failures[1:]:
        failures[0].add_note(f"and {other}")
    if failures:
        raise failures[0]
    return tuple(future.result() for future in running)
