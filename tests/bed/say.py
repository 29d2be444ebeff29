"""Progress lines: what the bed is doing and how many seconds it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_one_line_at_a_time = Lock()


def line(text: str) -> None:
    """Print one whole line at once."""
    with _one_line_at_a_time:
        print(f"bed: {text}", flush=True)


@contextmanager
def timed(text: str) -> Iterator[None]:
    """Say what begins, and afterwards how long it took."""
    line(f"{text} ...")
    with took(text):
        yield


@contextmanager
def took(text: str) -> Iterator[None]:
    """Say afterwards what was done and how long it took; nothing where it fails."""
    start = time.monotonic()
    yield
    line(f"{text}: {time.monotonic() - start:.1f} s")
