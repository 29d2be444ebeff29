"""Signs of life while a rollout runs: a run without one for `note.LEASE` counts as dead."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

BEAT = 10.0
"""Seconds between two signs of life."""

Heart = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Calls the given function every `BEAT` seconds until the `with` block ends."""


@contextmanager
def beating(beat: Callable[[], None]) -> Iterator[None]:
    """Call `beat` every `BEAT` seconds in a separate thread, so that no step has to."""
    stop = threading.Event()

    def keep_beating() -> None:
        while not stop.wait(BEAT):
            beat()

    thread = threading.Thread(target=keep_beating, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
