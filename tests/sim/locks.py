"""Locks as the engine keeps them, under composeroll's own rules for holding them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count

from composeroll.report.events import Emit
from composeroll.rollout.lock.hold import ServiceLocks
from composeroll.rollout.lock.holder import Holder
from tests.sim.clock import VirtualClock
from tests.sim.faults import Faults


@dataclass(slots=True)
class LockContainer:
    """One lock."""

    id: str
    name: str
    holder: str
    created: float
    note: str = ""


class EngineLocks:
    """Answers to `composeroll.rollout.lock.hold.Locks`.

    A take-over is one moment here. On the engine it is three (release, claim, first note), and a
    kill between them forgets how many replicas the broken rollout wanted.
    """

    def __init__(self, clock: VirtualClock, faults: Faults) -> None:
        self.all: dict[str, LockContainer] = {}
        self._clock = clock
        self._faults = faults
        self._ids = count(1)
        self._mine: set[str] = set()
        self._takes_over = False

    def begin(self) -> None:
        """A new process begins, and holds nothing."""
        self._mine.clear()
        self._takes_over = False

    def claim(self, name: str, project: str, holder: str) -> str | None:
        """Its ID, or None if somebody has it."""
        del project
        if name in self.all:
            self._faults.alive()
            return None
        with nullcontext() if self._takes_over else self._faults.change(f"lock {name}"):
            self.all[name] = LockContainer(f"lock-{next(self._ids)}", name, holder, self.now())
        self._mine.add(self.all[name].id)
        self._takes_over = False
        return self.all[name].id

    def find(self, name: str) -> LockContainer | None:
        """The lock of that name."""
        self._faults.alive()
        return self.all.get(name)

    def id_of(self, name: str) -> str | None:
        """The ID of the lock of that name."""
        self._faults.alive()
        return self.all[name].id if name in self.all else None

    def of_project(self, project: str) -> tuple[LockContainer, ...]:
        """All of them, by name."""
        del project
        self._faults.alive()
        return tuple(self.all[name] for name in sorted(self.all))

    def write(self, container: str, note: str) -> None:
        """Write the holder's note. Taking a lock and its first note are one moment here."""
        mine = next(lock for lock in self.all.values() if lock.id == container)
        if not mine.note:
            self._faults.alive()
            mine.note = note
            return
        with self._faults.change("lock: write its note"):
            mine.note = note

    def release(self, container: str) -> None:
        """By its ID."""
        self._takes_over = container not in self._mine
        with nullcontext() if self._takes_over else self._faults.change("lock: release it"):
            self.all = {n: lock for n, lock in self.all.items() if lock.id != container}

    def now(self) -> float:
        """The engine's clock."""
        self._faults.alive()
        return self._clock.now()


def locks_of_run(
    locks: EngineLocks, project: str, run: int, clock: VirtualClock, emit: Emit
) -> ServiceLocks:
    """What one process does with them; each runs on a machine of its own, seen by nobody else."""
    me = Holder("tester", f"host-{run}", "", run, "", "composeroll update")
    return ServiceLocks(locks, project, me, clock, emit)
