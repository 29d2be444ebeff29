"""What an engine that was restarted does by its restart policies."""

from __future__ import annotations

import time

from tests.e2e.harness.stack import Stack

GLANCE = 0.5
"""Seconds between two looks: an engine that starts has enough to do."""


def all_run(stack: Stack, within: float) -> bool:
    """Whether all containers of a stack run, after so many seconds at the latest."""
    end = time.monotonic() + within
    while not (run := _all_run_now(stack)) and time.monotonic() < end:
        time.sleep(GLANCE)  # what is waited for may never come
    return run


def _all_run_now(stack: Stack) -> bool:
    return all(container.state == "running" for container in stack.containers())
