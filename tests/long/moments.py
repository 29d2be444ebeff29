"""Any moment of an update: by the clock, and by the step or phase that it is in."""

from __future__ import annotations

import random
import select
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from tests.e2e.harness.stack import Done, Stack
from tests.e2e.harness.trouble import Running, update
from tests.long.recipes import DRAIN

DICE = random.Random()  # noqa: S311 - not for secrets: any moment will do

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

NOTHING_YET = "nothing yet"


@dataclass(frozen=True)
class Usual:
    """What an update is like when nobody disturbs it.

    Attributes:
        seconds: how long it takes.
        begins: the phases and steps by their first words, and the seconds until the next begins.
    """

    seconds: float
    begins: Mapping[str, float]


@dataclass(frozen=True)
class Moment:
    """When to strike.

    Attributes:
        seconds: how long after the start, or after what `begins`.
        begins: the first word of a step or phase.
    """

    seconds: float
    begins: str = ""

    def wait(self, run: Running) -> None:
        """Return at that moment of a run that has just been started, or at its end."""
        if self.begins:
            next((event for event in run.emitted() if begun(event) == self.begins), None)
        _wait_for_end(run, self.seconds)


def any_moment(number: int, usual: Usual) -> Moment:
    """Every other one by the clock: where it waits most. The others in any step, however short."""
    if number % 2:
        return Moment(DICE.uniform(0, usual.seconds))
    begins, seconds = DICE.choice([*usual.begins.items()])
    return Moment(DICE.uniform(0, seconds), begins)


def struck(stack: Stack, moment: Moment, number: int, *words: str) -> tuple[Done, str]:
    """An update that gets a signal at a moment: its end, and what it was doing then."""
    with update(stack, *DRAIN, *words) as run:
        moment.wait(run)
        at = datetime.now(UTC)
        run.signal(number)
        done = run.end()
    return done, doing(run, at)


def watched(stack: Stack, *words: str) -> Usual:
    """An update that nobody disturbs."""
    began = time.monotonic()
    with update(stack, *DRAIN, *words) as run:
        done = run.end()
    assert done.code == 0, str(done)
    seconds = time.monotonic() - began
    return Usual(seconds, dict(_spans(run.events)))


def begun(event: Mapping[str, Any]) -> str:
    """The step or phase that begins with an event, in one word; empty where none does."""
    if event["event"] == "step_started":
        return str(event["step"]).split()[0]
    if event["event"] == "phase_started" and event["phase"] != "apply":
        return str(event["phase"])
    return ""


def doing(run: Running, at: datetime) -> str:
    """The last step or phase that it had begun by then."""
    earlier = [event for event in run.events if _when(event) <= at]
    return next(filter(None, map(begun, reversed(earlier))), NOTHING_YET)


def _spans(events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    beginnings = [event for event in events if begun(event)]
    for one, after in pairwise((*beginnings, events[-1])):
        yield begun(one), (_when(after) - _when(one)).total_seconds()


def _when(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def _wait_for_end(run: Running, seconds: float) -> None:
    """Let some time pass, or less where the run ends before."""
    deadline = time.monotonic() + seconds
    while run.process.poll() is None and time.monotonic() < deadline:
        select.select([], [], [], 0.005)
