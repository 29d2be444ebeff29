"""`sync --watch`: stay, and mend the upstreams whenever containers come, go or change."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.errors import ComposerollError, EngineUnreachable, Locked
from composeroll.model import ContainerEvent
from composeroll.report.events import Outcome, Warned
from composeroll.rollout.stack import Stack
from composeroll.rollout.sync import sync
from composeroll.rollout.world import EventStream

QUIET = 1.0
"""Seconds without an event that end a burst: `up -d` of a stack is one change, not thirty."""

LONGEST_BURST = 10.0
"""Seconds after which a burst that does not end is acted on all the same."""

AGAIN = 5.0
"""Seconds until the next attempt where a rollout holds the lock, or the engine is away."""

TELLING = ("start", "die", "destroy", "health_status", "unpause", "relist")
"""Beginnings of the events that can make an upstream wrong."""


def sync_for_ever(stack: Stack, names: Sequence[str]) -> None:
    """Mend now, and after every change; only a signal ends it.

    It never fights a rollout: while one holds the lock it waits, and looks again afterwards.
    """
    while True:
        try:
            with stack.world.events() as events:
                _follow(stack, names, events)
        except EngineUnreachable as away:
            stack.world.emit(Warned(f"{away.what}; trying again"))
            stack.world.clock.wait(AGAIN)


def _follow(stack: Stack, names: Sequence[str], events: EventStream) -> None:
    wanting = _mend(stack, names)
    while True:
        event = events.next(AGAIN)
        if tells(event):
            _let_settle(stack, events)
            wanting = _mend(stack, names)
        elif wanting and event is None:
            wanting = _mend(stack, names)


def tells(event: ContainerEvent | None) -> bool:
    """Whether an event can have made an upstream wrong. A lock's own container tells nothing."""
    return event is not None and event.action.startswith(TELLING)


def _let_settle(stack: Stack, events: EventStream) -> None:
    end = stack.world.clock.now() + LONGEST_BURST
    while events.next(QUIET) and stack.world.clock.now() < end:
        pass


def _mend(stack: Stack, names: Sequence[str]) -> bool:
    """Sync once; whether it has to be tried again without waiting for an event."""
    try:
        return sync(stack, names) is not Outcome.UP_TO_DATE
    except Locked:
        return True
    except EngineUnreachable:
        raise
    except ComposerollError as error:
        stack.world.emit(Warned(error.what))
        return True
