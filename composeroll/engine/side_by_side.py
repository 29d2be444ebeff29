"""The same call on several containers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 32
"""The number of threads; stopping waits for grace periods, so it may exceed the cores."""


def side_by_side(call: Callable[[Item], Result], items: Iterable[Item]) -> tuple[Result, ...]:
    """Call `call` with every item, and return the results in the items' order.

    When this returns or raises, even after a failure or a signal, all calls have ended.

    Raises:
        BaseException: the first failure in the items' order, with the others as its notes.
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
