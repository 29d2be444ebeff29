"""`sync --watch`: keep running, and repair the upstreams when containers come, go or change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Interrupted, Locked
from composeroll.model import ContainerEvent
from composeroll.report.events import Warned
from composeroll.rollout.stack import Stack
from composeroll.rollout.sync.evict import evict
from composeroll.rollout.sync.sync import sync_once, unready
from composeroll.rollout.world import EventStream

QUIET = 1.0
"""Seconds without an event that end a burst: `up -d` of a stack is one change, not thirty."""

LONGEST_BURST = 10.0
"""Seconds after which a burst is acted on even if it has not ended."""

RETRY = 5.0
"""Seconds until the next attempt if a rollout holds the lock, or the engine does not answer."""

DRAINING = 30.0
"""Seconds between two checks of replicas that are still draining."""

TELLING = ("start", "die", "destroy", "health_status", "unpause", "relist")
"""Prefixes of the actions whose events can make an upstream wrong."""


Meant = Callable[[], Sequence[str]]
"""Returns the services whose upstreams to repair, as far as nginx shows them now."""


def sync_for_ever(stack: Stack, meant: Meant) -> None:
    """Repair now, and after every change, until a signal comes.

    It never interferes with a rollout: while one holds the lock, this waits and then checks again.
    """
    watch = Watch(stack, meant)
    while True:
        try:
            with stack.world.events() as events:
                watch.follow(events)
        except (EngineUnreachable, EngineError) as away:
            watch.tell(f"{away.what}; trying again")
            stack.world.clock.wait(RETRY)


class Watch:
    """A running `sync --watch`; it does not repeat a warning."""

    def __init__(self, stack: Stack, meant: Meant) -> None:
        self._stack = stack
        self._meant = meant
        self._told = ""
        self._unready: tuple[str, ...] = ()
        self._draining_due: float | None = None

    def follow(self, events: EventStream) -> NoReturn:
        """Repair at the start, after each burst of events, and again while something is not right.

        Raises:
            EngineUnreachable: the engine is gone.
            Interrupted: a signal came.
        """
        now = self._stack.world.clock.now
        wanting, due = self._repair(), now() + RETRY
        while True:
            event = events.next(max(0.0, due - now()))
            if tells(event):
                self._try(self._evict)
                self._let_settle(events)
                wanting, due = self._repair(), now() + RETRY
            elif now() >= due:
                again = wanting or self._draining_is_due()
                wanting, due = again and self._repair(), now() + RETRY

    def tell(self, text: str) -> None:
        """Warn, unless that was the last warning too."""
        if text and text != self._told:
            self._stack.world.emit(Warned(text))
        self._told = text

    def _let_settle(self, events: EventStream) -> None:
        """Wait until the burst of relevant events has ended."""
        now = self._stack.world.clock.now
        end, quiet = now() + LONGEST_BURST, now() + QUIET
        while (left := min(quiet, end) - now()) > 0:
            if tells(events.next(left)):
                quiet = now() + QUIET

    def _repair(self) -> bool:
        """Sync once; return whether to try again without waiting for an event."""
        return self._try(self._sync)

    def _sync(self) -> bool:
        synced = sync_once(self._stack, self._meant())
        lasts = synced.unready and synced.unready == self._unready
        self._unready = synced.unready  # a rollout has such replicas too, briefly
        refusals = dict.fromkeys(refusal.what for refusal in synced.refused.values())
        self.tell("; ".join((*refusals, *((unready(synced),) if lasts else ()))))
        now = self._stack.world.clock.now()
        self._draining_due = now + DRAINING if synced.draining else None
        return not synced.settled

    def _draining_is_due(self) -> bool:
        due = self._draining_due
        return due is not None and self._stack.world.clock.now() >= due

    def _evict(self) -> bool:
        return evict(self._stack, self._meant())

    def _try(self, act: Callable[[], bool]) -> bool:
        """Return what `act` returns; an error is reported, and means to try again."""
        again = self._tried(act)
        if signal := self._stack.locks.interrupted:
            raise signal
        return again

    def _tried(self, act: Callable[[], bool]) -> bool:
        try:
            return act()
        except Locked:
            return True
        except (EngineUnreachable, Interrupted):
            raise
        except ComposerollError as error:
            if isinstance(error.__cause__, Interrupted):  # wrapped after the point of no return
                raise error.__cause__ from None
            self.tell(error.what)
            return True


def tells(event: ContainerEvent | None) -> bool:
    """Return whether an event can have made an upstream wrong; a lock's own events cannot."""
    return event is not None and event.action.startswith(TELLING)
