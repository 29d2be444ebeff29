"""`sync --watch`: stay, and mend the upstreams whenever containers come, go or change."""

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
"""Seconds after which a burst that does not end is acted on all the same."""

RETRY = 5.0
"""Seconds until the next attempt where a rollout holds the lock, or the engine is away."""

DRAINING = 30.0
"""Seconds between two looks at replicas that drain on."""

TELLING = ("start", "die", "destroy", "health_status", "unpause", "relist")
"""Beginnings of the events that can make an upstream wrong."""


Meant = Callable[[], Sequence[str]]
"""Finds the services whose upstreams are meant, as far as nginx can tell just then."""


def sync_for_ever(stack: Stack, meant: Meant) -> None:
    """Mend now, and after every change; only a signal ends it.

    It never fights a rollout: while one holds the lock it waits, and looks again afterwards.
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
    """One who stays. What it would say again and again it says once."""

    def __init__(self, stack: Stack, meant: Meant) -> None:
        self._stack = stack
        self._meant = meant
        self._told = ""
        self._unready: tuple[str, ...] = ()
        self._draining_due: float | None = None

    def follow(self, events: EventStream) -> NoReturn:
        """Mend at the start, after each burst of events, and again while something is not right.

        Raises:
            EngineUnreachable: the engine is gone.
            Interrupted: a signal came.
        """
        now = self._stack.world.clock.now
        wanting, due = self._mend(), now() + RETRY
        while True:
            event = events.next(max(0.0, due - now()))
            if tells(event):
                self._try(self._evict)
                self._let_settle(events)
                wanting, due = self._mend(), now() + RETRY
            elif now() >= due:
                again = wanting or self._draining_is_due()
                wanting, due = again and self._mend(), now() + RETRY

    def tell(self, text: str) -> None:
        """Warn, unless that was the last warning too."""
        if text and text != self._told:
            self._stack.world.emit(Warned(text))
        self._told = text

    def _let_settle(self, events: EventStream) -> None:
        """Until no container comes or goes; what else happens in them does not matter."""
        now = self._stack.world.clock.now
        end, quiet = now() + LONGEST_BURST, now() + QUIET
        while (left := min(quiet, end) - now()) > 0:
            if tells(events.next(left)):
                quiet = now() + QUIET

    def _mend(self) -> bool:
        """Sync once; whether it has to be tried again without waiting for an event."""
        return self._try(self._sync)

    def _sync(self) -> bool:
        synced = sync_once(self._stack, self._meant())
        lasts = synced.unready and synced.unready == self._unready
        self._unready = synced.unready  # for a moment a rollout has such replicas too
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
        """What it returns; what fails is told, and has to be tried again."""
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
            if isinstance(error.__cause__, Interrupted):  # past the line it comes as what it left
                raise error.__cause__ from None
            self.tell(error.what)
            return True


def tells(event: ContainerEvent | None) -> bool:
    """Whether an event can have made an upstream wrong. A lock's own container tells nothing."""
    return event is not None and event.action.startswith(TELLING)
