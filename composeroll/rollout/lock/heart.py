"""Signs of life while a rollout runs: who has none for a lease's time is taken for dead."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

BEAT = 10.0
"""Seconds between two signs of life."""

Heart = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Calls what it is given every `BEAT` seconds, until the block ends."""


@contextmanager
def beating(beat: Callable[[], None]) -> Iterator[None]:
    """In a thread of its own, so that no step has to think of it."""
    stop = threading.Event()

    def go_on() -> None:
        while not stop.wait(BEAT):
            beat()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
