"""Locks as the engine keeps them, under composeroll's own rules for holding them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from composeroll.errors import ComposerollError, EngineError
from composeroll.report.events import Emit
from composeroll.rollout.lock.heart import BEAT, Heart
from composeroll.rollout.lock.hold import ServiceLocks
from composeroll.rollout.lock.holder import Holder
from composeroll.rollout.lock.note import Intent, read_note
from tests.sim.clock import VirtualClock
from tests.sim.faults import Faults
from tests.sim.process import Process


@dataclass(slots=True)
class LockContainer:
    """One lock."""

    id: str
    name: str
    holder: str
    created: float
    note: str = ""


class EngineLocks:
    """Answers to `composeroll.rollout.lock.hold.Locks`."""

    def __init__(self, clock: VirtualClock, faults: Faults) -> None:
        self.all: dict[str, LockContainer] = {}
        self._clock = clock
        self._faults = faults
        self._ids = count(1)
        self.on_intent: Callable[[Intent], None] = lambda _: None

    def claim(self, name: str, project: str, holder: str) -> str | None:
        """Its ID, or None if somebody has it."""
        del project
        with self._faults.change(f"lock {name}"):
            if name in self.all:
                return None
            made = LockContainer(f"lock-{next(self._ids)}", name, holder, self._clock.now())
            self.all[name] = made
        return made.id

    def find(self, name: str) -> LockContainer | None:
        """The lock of that name."""
        self._faults.ask("read a lock")
        return self.all.get(name)

    def id_of(self, name: str) -> str | None:
        """The ID of the lock of that name."""
        self._faults.ask("read a lock's ID")
        return self.all[name].id if name in self.all else None

    def of_project(self, project: str) -> tuple[LockContainer, ...]:
        """All of them, by name."""
        del project
        self._faults.ask("read locks")
        return tuple(self.all[name] for name in sorted(self.all))

    def write(self, container: str, note: str) -> None:
        """Write the holder's note."""
        with self._faults.change("lock: write its note"):
            self._existing(container).note = note
            if intent := _memory_in(note):
                self.on_intent(intent)

    def set_aside(self, container: str, name: str) -> None:
        """Give it another name; one that is gone, or has that name, is fine."""
        with self._faults.change(f"lock: set it aside as {name}"):
            found = next((lock for lock in self.all.values() if lock.id == container), None)
            if found and name not in self.all:
                del self.all[found.name]
                found.name = name
                self.all[name] = found

    def release(self, container: str) -> None:
        """By its ID; one that is gone is fine."""
        with self._faults.change("lock: release it"):
            self.all = {n: lock for n, lock in self.all.items() if lock.id != container}

    def now(self) -> float:
        """The engine's clock."""
        self._faults.ask("read the engine's clock")
        return self._clock.now()

    def remembered(self) -> set[str]:
        """What broken rollouts had on their lists, by full ID."""
        return {container for lock in self.all.values() for container in _outgoing(lock)}

    def _existing(self, container: str) -> LockContainer:
        found = next((lock for lock in self.all.values() if lock.id == container), None)
        if found is None:
            raise EngineError(f"No such container: {container}")
        return found


def _outgoing(lock: LockContainer) -> Mapping[str, str]:
    intent = _memory_in(lock.note)
    return intent.outgoing if intent else {}


def _memory_in(note: str) -> Intent | None:
    return _read_memory(note) if "outgoing" in note else None


@lru_cache(64)
def _read_memory(note: str) -> Intent:
    return read_note(LockContainer("", "", "", 0.0, note)).intent


def locks_of_run(
    locks: EngineLocks, project: str, faults: Faults, clock: VirtualClock, emit: Emit
) -> ServiceLocks:
    """What one process does with them; each runs on a machine of its own, seen by nobody else."""
    run = faults.process.number
    me = Holder("tester", f"host-{run}", "", run, "", "composeroll update")
    return ServiceLocks(locks, project, me, clock, emit, virtual_heart(clock, faults))


def virtual_heart(clock: VirtualClock, faults: Faults) -> Heart:
    """Beats in virtual time, on behalf of the run that it was made for."""
    mine = faults.process

    @contextmanager
    def heart(beat: Callable[[], None]) -> Iterator[None]:
        stopped: list[bool] = []

        def once() -> None:
            if not (stopped or mine.dead):
                _aside(faults, mine, beat)
                clock.at(clock.now() + BEAT, once)

        clock.at(clock.now() + BEAT, once)
        try:
            yield
        finally:
            stopped.append(True)

    return heart


def _aside(faults: Faults, mine: Process, beat: Callable[[], None]) -> None:
    """A beat is made between the moments of the runs, and is none itself."""
    at_work, faults.process = faults.process, Process(mine.number)
    turn, faults.turn = faults.turn, lambda: None
    with suppress(ComposerollError):
        beat()
    faults.process, faults.turn = at_work, turn
