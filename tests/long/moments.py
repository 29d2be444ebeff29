"""Any moment of an update: by the clock, and by what it has told so far."""

from __future__ import annotations

import random
import select
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.e2e.harness.stack import Done, Stack
from tests.e2e.harness.trouble import Running, update
from tests.long.recipes import DRAIN

DICE = random.Random()  # noqa: S311 - not for secrets: any moment will do

LATE = 0.3
"""Seconds after an event until which its work may be under way."""


@dataclass(frozen=True)
class Usual:
    """What an update is like when nobody disturbs it.

    Attributes:
        seconds: how long it takes.
        events: how many events it tells.
        begins: after how many events a phase or a step has just begun, with its first word.
    """

    seconds: float
    events: int
    begins: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Moment:
    """When to strike: after so many events, and then so many seconds later."""

    events: int
    seconds: float

    def wait(self, run: Running) -> None:
        """Return at that moment of a run that has just been started, or at its end."""
        if self.events:
            told = run.told()
            while len(run.events) < self.events and next(told, None):
                pass
        _wait_for_end(run, self.seconds)


def any_moment(number: int, usual: Usual) -> Moment:
    """Every other one by the clock: where it waits most. The others by what it tells."""
    if number % 2:
        return Moment(0, DICE.uniform(0, usual.seconds))
    return Moment(DICE.randint(1, usual.events), DICE.uniform(0, LATE))


def struck(stack: Stack, moment: Moment, number: int, *words: str) -> tuple[Done, str]:
    """An update that gets a signal at a moment: its end, and what it was doing."""
    with update(stack, *DRAIN, *words) as run:
        moment.wait(run)
        run.signal(number)
        done = run.end()
    return done, doing(run)


def watched(stack: Stack, *words: str) -> Usual:
    """An update that nobody disturbs."""
    began = time.monotonic()
    with update(stack, *DRAIN, *words) as run:
        done = run.end()
    assert done.code == 0, str(done)
    seconds = time.monotonic() - began
    begins = [(number, begun(event)) for number, event in enumerate(run.events, start=1)]
    return Usual(seconds, len(begins), tuple((number, name) for number, name in begins if name))


def begun(event: Mapping[str, Any]) -> str:
    """The step or phase that begins with an event, in one word; empty where none does."""
    if event["event"] == "step_started":
        return str(event["step"]).split()[0]
    if event["event"] == "phase_started" and event["phase"] != "apply":
        return str(event["phase"])
    return ""


def doing(run: Running) -> str:
    """The last step or phase that it began."""
    return next(filter(None, map(begun, reversed(run.events))), "nothing yet")


def _wait_for_end(run: Running, seconds: float) -> None:
    """Let some time pass, or less where the run ends before."""
    deadline = time.monotonic() + seconds
    while run.process.poll() is None and time.monotonic() < deadline:
        select.select([], [], [], 0.005)


SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
