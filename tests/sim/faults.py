"""What goes wrong, and at which change: a call fails, a signal comes, the process is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from composeroll.errors import ComposerollError, EngineError, Interrupted


class Killed(BaseException):
    """SIGKILL: the process is no more, so whatever it calls afterwards raises this again."""


class Kind(StrEnum):
    """The three ways to be stopped."""

    FAIL = "fails"
    INTERRUPT = "is interrupted"
    KILL = "is killed"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong at the moment with this number.

    Attributes:
        after: whether the change itself was still made.
    """

    number: int
    kind: Kind
    after: bool = False


class Faults:
    """Counts the changes and waits of one run, and lets the planned fault happen.

    Attributes:
        told: what every moment was, for the message of a test that fails.
        changes: the numbers of those that change something, and so can fail.
        struck: whether the fault has happened.
    """

    def __init__(self, judge: Callable[[], None]) -> None:
        self.told: list[str] = []
        self.changes: list[int] = []
        self.struck = False
        self._judge = judge
        self._fault: Fault | None = None
        self._dead = False
        self._shields = 0

    def plan(self, fault: Fault | None) -> None:
        """Begin a new process, with this fault ahead of it."""
        self.told, self.changes, self.struck, self._fault = [], [], False, fault
        self._dead, self._shields = False, 0

    def alive(self) -> None:
        """A dead process calls nothing."""
        if self._dead:
            raise Killed

    @contextmanager
    def change(self, what: str, error: type[ComposerollError] = EngineError) -> Iterator[None]:
        """Around one change of the world, which is judged right after it."""
        self._count(what)
        self.changes.append(len(self.told))
        self._strike(error, after=False)
        yield
        self._judge()
        self._strike(error, after=True)

    def moment(self, what: str) -> None:
        """A moment that changes nothing: it can be interrupted or be the last, but cannot fail."""
        self._count(what)
        if self._fault and self._fault.kind is not Kind.FAIL:
            self._strike(EngineError, after=self._fault.after)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Signals inside are lost."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1

    def _count(self, what: str) -> None:
        self.alive()
        self.told.append(what)

    def _strike(self, error: type[ComposerollError], *, after: bool) -> None:
        fault = self._fault
        if fault is None or self.struck or fault != Fault(len(self.told), fault.kind, after):
            return
        self.struck = True
        if fault.kind is Kind.KILL:
            self._dead = True
            raise Killed
        if fault.kind is Kind.FAIL:
            raise error(f"made to fail: {self.told[-1]}")
        if not self._shields:
            raise Interrupted("interrupted by SIGTERM", signum=15)
