"""The engine's side of locks in memory, and what those who hold them need besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from msgspec import structs

from composeroll.errors import EngineError
from composeroll.report.events import Event
from composeroll.rollout.lock.holder import this_process
from composeroll.rollout.lock.note import Note, lock_name, read_note

ME = this_process()
SOMEBODY = structs.replace(ME, boot="another boot", host="elsewhere")


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
    """The engine's side of locks, in memory.

    Attributes:
        claims_first: who gets the next lock, just before somebody else asks for it.
        full: whether the engine has no room for another note.
    """

    locks: dict[str, Lock] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    claims_first: str = ""
    full: bool = False

    def claim(self, name: str, project: str, holder: str) -> str | None:
        """Take a lock."""
        if self.claims_first:
            first, self.claims_first = self.claims_first, ""
            theirs = self.claim(name, project, first)
            assert theirs
            self.write(theirs, Note(self.now()).to_json())
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
        if container not in self.locks or self.full:
            raise EngineError(f"no space left for {container}, or no such container")
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


class Heart:
    """One that beats when the test says so."""

    beat: Callable[[], None]

    @contextmanager
    def __call__(self, beat: Callable[[], None]) -> Iterator[None]:
        """Begin."""
        self.beat = beat
        yield


class Hours:
    """A clock on which waiting is all that takes time."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        """The time."""
        return self.at

    def wait(self, seconds: float) -> None:
        """Let it pass."""
        self.at += seconds


def note_of(engine: EngineLocks, service: str) -> Note:
    """What the lock of a service says."""
    lock = engine.find(lock_name("shop", service))
    assert lock
    return read_note(lock)
