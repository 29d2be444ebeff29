"""Where the bed keeps its logs, and how it waits for a state."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from pathlib import Path

from .errors import NotReadyError

GLANCE = 0.05
"""Seconds between two looks at a state that nothing announces."""


def directory() -> Path:
    """The bed's own directory, made if missing; COMPOSEROLL_BED_STATE says another."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(os.environ.get("COMPOSEROLL_BED_STATE") or cache / "composeroll-bed")
    path.mkdir(parents=True, exist_ok=True)
    return path


def log(name: str) -> Path:
    """The log file called `name`."""
    return directory() / f"{name}.log"


def await_state(what: str, holds: Callable[[], bool], seconds: float, hint: str = "") -> None:
    """Return as soon as `holds()`.

    Raises:
        NotReadyError: it did not hold within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise NotReadyError(what, seconds, hint)
        select.select([], [], [], GLANCE)
