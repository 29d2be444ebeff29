"""One process that holds one lock after another, as `sync --watch` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from composeroll.nginx.clock import MonotonicClock
from composeroll.report.events import Event
from composeroll.rollout.lock.hold import ServiceLocks
from composeroll.rollout.lock.holder import this_process
from composeroll.rollout.lock.note import Memory, Note, lock_name

ME = this_process()
SOMEBODY = replace(ME, boot="another boot", host="elsewhere")


@dataclass(frozen=True)
class Lock:
    """A lock as the engine has it."""

    id: str
    name: str
    holder: str
    note: str = ""
    created: float = 0.0


@dataclass
class EngineLocks:
    """The engine's side of locks, in memory."""

    locks: dict[str, Lock] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def claim(self, name: str, project: str, holder: str) -> str | None:
        """Take a lock."""
        del project
        if self.find(name):
            return None
        lock = Lock(f"lock {next(self.numbers)}", name, holder)
        self.locks[lock.id] = lock
        return lock.id

    def find(self, name: str) -> Lock | None:
        """The lock of that name."""
        return next((lock for lock in self.locks.values() if lock.name == name), None)

    def id_of(self, name: str) -> str | None:
        """Its ID."""
        lock = self.find(name)
        return lock.id if lock else None

    def of_project(self, project: str) -> list[Lock]:
        """All of them."""
        del project
        return list(self.locks.values())

    def write(self, container: str, note: str) -> None:
        """Write a note."""
        self.locks[container] = replace(self.locks[container], note=note)

    def set_aside(self, container: str, name: str) -> None:
        """Rename a lock."""
        self.locks[container] = replace(self.locks[container], name=name)

    def release(self, container: str) -> None:
        """Give a lock up."""
        self.locks.pop(container, None)

    def now(self) -> float:
        """The engine's clock."""
        return 1000.0


@contextmanager
def still(beat: Callable[[], None]) -> Iterator[None]:
    """No sign of life."""
    del beat
    yield


def unheard(event: Event) -> None:
    del event


def test_what_one_broken_rollout_left_does_not_follow_into_the_next_lock() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    broken = engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    assert broken
    memory = Memory(outgoing={"c1": "outdated"})
    engine.write(broken, Note(0.0, ended=True, memory=memory).to_json())
    with locks.hold(["app"]) as left:
        assert left.outgoing == memory.outgoing
        locks.leave_to_others()
    with locks.hold(["other"]) as left:
        assert left == Memory()
    assert locks.broke_off(["app"])
    assert engine.find(lock_name("shop", "other")) is None
