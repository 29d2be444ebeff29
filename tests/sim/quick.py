"""What makes the simulation deterministic and quick: no threads, no text rendered twice.

Nobody sees the table of replicas either, so its rows are not made; and looks for garbage are rare.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import ParamSpec, Self, TypeVar
from unittest.mock import patch

from composeroll.__main__ import SELDOM
from composeroll.errors import ComposerollError, Interrupted
from tests.sim.world import render_once

P = ParamSpec("P")
A = TypeVar("A")
T = TypeVar("T")


class OneAfterTheOther:
    """An executor without threads."""

    def __init__(self, max_workers: int) -> None:
        del max_workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, work: Callable[[A], T], each: Iterable[A]) -> Iterator[T]:
        """One after the other."""
        return map(work, each)

    def submit(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> Future[T]:
        """Do it at once; an error comes with the result, what ends the run comes at once."""
        future: Future[T] = Future()
        try:
            future.set_result(work(*given, **named))
        except Interrupted:
            raise
        except ComposerollError as error:
            future.set_exception(error)
        return future


@contextmanager
def quick() -> Iterator[None]:
    """For all simulations in the block."""
    gc.set_threshold(SELDOM)
    with (
        patch("composeroll.rollout.steps.switch.render_include", render_once),
        patch("composeroll.rollout.observing.observe.ThreadPoolExecutor", OneAfterTheOther),
        patch("composeroll.rollout.applying.showing.rows", return_value=()),
    ):
        yield
