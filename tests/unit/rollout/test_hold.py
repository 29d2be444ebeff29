"""One process that holds one lock after another, as `sync --watch` does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from composeroll.errors import EngineError, Locked
from composeroll.nginx.clock import MonotonicClock
from composeroll.report.events import Event, Noted
from composeroll.rollout.lock.hold import ServiceLocks
from composeroll.rollout.lock.holder import this_process
from composeroll.rollout.lock.note import Memory, Note, held_by, lock_name, read_note

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


class Heart:
    """One that beats when the test says so."""

    beat: Callable[[], None]

    @contextmanager
    def __call__(self, beat: Callable[[], None]) -> Iterator[None]:
        """Begin."""
        self.beat = beat
        yield


@dataclass
class SlowLocks(EngineLocks):
    """Locks on which one thread's writing takes until `goes_on`."""

    slow: threading.Thread | None = None
    writes: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def write(self, container: str, note: str) -> None:
        """Write a note."""
        if threading.current_thread() is self.slow:
            self.writes.set()
            self.goes_on.wait(5.0)
        super().write(container, note)


def test_a_sign_of_life_never_overwrites_what_was_remembered_after_it() -> None:
    engine, heart = SlowLocks(), Heart()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, heart)
    with locks.hold(["app"]):
        engine.slow = threading.Thread(target=heart.beat)
        engine.slow.start()
        assert engine.writes.wait(5.0)
        threading.Timer(0.2, engine.goes_on.set).start()
        locks.remember(Memory(outgoing={"c1": "outdated"}))
        engine.slow.join()
        (lock,) = engine.locks.values()
        assert read_note(lock).memory.outgoing == {"c1": "outdated"}


def test_a_sign_of_life_that_fails_in_whatever_way_is_followed_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, heart = EngineLocks(), Heart()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, heart)

    def stumble() -> float:
        raise KeyError("a bug")

    with locks.hold(["app"]):
        with monkeypatch.context() as broken:
            broken.setattr(engine, "now", stumble)
            heart.beat()
        heart.beat()
        (lock,) = engine.locks.values()
        assert read_note(lock).beat == engine.now()
        assert lock.note


def test_a_bug_leaves_what_was_remembered_to_the_next_run() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)

    def stumble() -> None:
        with locks.hold(["app"]):
            locks.remember(Memory(outgoing={"c1": "outdated"}))
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        stumble()
    with locks.hold(["app"]) as left:
        assert left.outgoing == {"c1": "outdated"}
        assert left.broke_off


def test_a_bug_before_anything_was_remembered_leaves_no_lock() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    with pytest.raises(KeyError), locks.hold(["app"]):
        raise KeyError("a bug")
    assert not engine.locks


def test_every_lock_shows_a_sign_of_life_those_of_services_beside_it_without_a_note() -> None:
    engine, beats = EngineLocks(), list[Callable[[], None]]()

    @contextmanager
    def by_hand(beat: Callable[[], None]) -> Iterator[None]:
        beats.append(beat)
        yield

    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, by_hand)
    left = Memory(outgoing={"c1": "outdated"})
    with locks.hold(["nginx"], beside=["app"]):
        locks.remember(left)
        for lock in engine.of_project("shop"):
            engine.write(lock.id, "")
        beats[0]()
        notes = {held_by(lock, 0).service: lock.note for lock in engine.of_project("shop")}
        assert all(notes.values())
        assert {
            name: read_note(engine.find(lock_name("shop", name)) or Lock("", "", "")).memory
            for name in notes
        } == {"nginx": left, "app": Memory()}


def test_a_lock_that_was_removed_is_taken_again_and_who_holds_it_learns_of_that() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    with locks.hold(["app", "web"]):
        held = [locks.ensure()]
        del engine.locks[next(iter(engine.locks))]
        held += [locks.ensure(), locks.ensure()]
        assert len(engine.locks) == 2
    assert held == [True, False, True]
    assert not engine.locks


def test_locks_that_were_all_removed_are_all_taken_again_with_what_they_remembered() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    todo = Memory(outgoing={"c1": "outdated"})
    with locks.hold(["api", "app", "web"], beside=["nginx"]):
        locks.remember(todo)
        engine.locks.clear()
        assert not locks.ensure()
        assert note_of(engine, "nginx").memory == Memory()
        for service in ("api", "app", "web"):
            assert note_of(engine, service).memory == todo
    assert not engine.locks


def test_a_lock_that_was_removed_does_not_silence_the_others() -> None:
    engine, heart = EngineLocks(), Heart()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, heart)
    with locks.hold(["api", "app"], beside=["nginx", "web"]):
        for service in ("api", "nginx"):
            engine.release(engine.id_of(lock_name("shop", service)) or "")
        heart.beat()
        assert note_of(engine, "app").beat == engine.now()
        assert note_of(engine, "web").beat == engine.now()


def test_what_an_engine_without_room_does_not_take_is_not_held_for_written() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    with locks.hold(["app"]):
        engine.full = True
        with pytest.raises(EngineError, match="no space left"):
            locks.remember(Memory(outgoing={"c1": "outdated"}))


def note_of(engine: EngineLocks, service: str) -> Note:
    """What the lock of a service says."""
    lock = engine.find(lock_name("shop", service))
    assert lock
    return read_note(lock)


@pytest.mark.parametrize("works_on", [True, False])
def test_who_loses_the_lock_in_mid_rollout_says_that_what_was_done_stays(*, works_on: bool) -> None:
    """Whether the other one has it by then, or takes it a moment later."""
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, Hours(), unheard, still)

    def lose() -> None:
        with locks.hold(["app"]):
            engine.locks.clear()
            if works_on:
                engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
            else:
                engine.claims_first = SOMEBODY.to_json()
            locks.ensure()

    with pytest.raises(Locked) as lost:
        lose()
    assert lost.value.serving == "what was done so far stays as it is: the other run decides"


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


def test_who_waits_for_a_lock_says_once_for_whom() -> None:
    told: list[Event] = []
    engine = EngineLocks()
    theirs = engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    assert theirs
    engine.write(theirs, Note(1000.0).to_json())
    locks = ServiceLocks(engine, "shop", ME, Hours(), told.append, still)
    with pytest.raises(Locked), locks.hold(["app"], patience=30.0):
        pass
    assert [event.text for event in told if isinstance(event, Noted)] == [
        f"waiting: {held_by(engine.locks[theirs], 1000.0)}"
    ]


def test_a_lock_that_is_taken_away_says_whose_it_was() -> None:
    engine = EngineLocks()
    engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    assert [held.who for held in locks.break_open(["api", "app"])] == [str(SOMEBODY)]
    assert not locks.describe()
