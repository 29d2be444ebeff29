"""What goes wrong, and at which moment of a run: a call fails or hangs, or the run is ended.

Every call of a run to the outside is a moment with a number. A fault strikes at one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Interrupted
from tests.sim.process import Process

HANGS = 30.0
"""Seconds until a call that hangs is given up, as `composeroll.engine` does."""


class Killed(BaseException):
    """SIGKILL: the process is no more, so whatever it calls afterwards raises this again."""


class Kind(StrEnum):
    """The four ways to be stopped."""

    FAIL = "fails"
    HANG = "hangs"
    INTERRUPT = "is interrupted"
    KILL = "is killed"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong at the moment with this number.

    Attributes:
        after: whether the change itself was still made; a call that fails then has only lost its
            answer.
    """

    number: int
    kind: Kind
    after: bool = False


DEAF = 3600.0
"""Seconds within which a run that was told to end has ended."""


class Faults:
    """Counts the moments of the run that is at work, and lets what was planned happen.

    Attributes:
        process: the run that is at work.
        turn: called before every moment; another run may have its turn there.
        pass_time: lets seconds pass.
        struck: how often each kind of fault has happened, in all runs.
        judged: how many changes of the world the judge has seen.
    """

    def __init__(self, judge: Callable[[], None]) -> None:
        self.process = Process()
        self.turn: Callable[[], None] = lambda: None
        self.pass_time: Callable[[float], None] = lambda _: None
        self.struck: Counter[str] = Counter()
        self.judged = 0
        self.away_until = 0.0
        self.now: Callable[[], float] = lambda: 0.0
        self._judge = judge

    @property
    def trace(self) -> list[str]:
        """What every moment of the run was."""
        return self.process.trace

    @property
    def changes(self) -> list[int]:
        """The numbers of those moments that change something."""
        return self.process.changes

    def plan(self, process: Process) -> None:
        """Let a new run begin."""
        self.process = process

    def alive(self) -> None:
        """A dead process calls nothing."""
        if self.process.dead:
            raise Killed

    @contextmanager
    def change(self, what: str, error: type[ComposerollError] = EngineError) -> Iterator[None]:
        """Around one change of the world, which is judged right after it."""
        fault = self._moment(what)
        self.process.changes.append(len(self.process.trace))
        self._reach(error)
        if fault and not fault.after:
            self._strike(fault, error)
        yield
        self.judged += 1
        self._judge()
        if fault and fault.after:
            self._strike(fault, error)

    def ask(self, what: str, error: type[ComposerollError] = EngineError) -> None:
        """A call that reads: it can do all that a change can do, and changes nothing."""
        fault = self._moment(what)
        self.process.asked.append(len(self.process.trace))
        self._reach(error)
        if fault:
            self._strike(fault, error)

    def moment(self, what: str) -> None:
        """No call: it can be interrupted or be the last, but cannot fail."""
        fault = self._moment(what)
        if fault and fault.kind in (Kind.INTERRUPT, Kind.KILL):
            self._strike(fault, EngineError)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Signals inside are lost."""
        process = self.process
        process.shields += 1
        try:
            yield
        finally:
            process.shields -= 1

    def _moment(self, what: str) -> Fault | None:
        self.alive()
        self.turn()
        process = self.process
        process.trace.append(what)
        number = len(process.trace)
        for move in process.moves.pop(number, ()):
            move()
        assert self.now() < process.ends_at + DEAF, "a signal came, and it goes on"
        if self.now() >= process.ends_at:
            return Fault(number, Kind.INTERRUPT)
        return process.faults.get(number)

    def _reach(self, error: type[ComposerollError]) -> None:
        """An engine that restarts answers nobody."""
        del error
        if self.now() < self.away_until:
            raise EngineUnreachable("the engine is restarting")

    def _strike(self, fault: Fault, error: type[ComposerollError]) -> None:
        process = self.process
        what = process.trace[-1]
        if fault.kind is Kind.INTERRUPT and (process.shields or process.interrupted):
            return
        self.struck[_name(fault)] += 1
        process.struck.append(fault)
        match fault.kind:
            case Kind.KILL:
                process.dead = True
                raise Killed
            case Kind.FAIL:
                raise error(f"made to fail: {what}")
            case Kind.HANG:
                self.pass_time(HANGS)
                raise EngineUnreachable(f"the engine did not answer within {HANGS:g} s: {what}")
            case Kind.INTERRUPT:
                process.interrupted = True
                raise Interrupted("interrupted by SIGTERM", signum=15)


def by_number(faults: Iterable[Fault]) -> dict[int, Fault]:
    """The first fault for each moment."""
    found: dict[int, Fault] = {}
    for fault in faults:
        found.setdefault(fault.number, fault)
    return found


def _name(fault: Fault) -> str:
    answered = fault.kind in (Kind.FAIL, Kind.HANG) and fault.after
    return f"{fault.kind}, its answer lost" if answered else str(fault.kind)
