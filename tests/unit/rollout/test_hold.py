"""One process that holds one lock after another, as `sync --watch` does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from composeroll.errors import EngineError, EngineUnreachable, Interrupted, Locked
from composeroll.nginx.clock import MonotonicClock
from composeroll.report.events import Event, Noted
from composeroll.rollout.lock.hold import ServiceLocks
from composeroll.rollout.lock.note import (
    Intent,
    Note,
    held_by,
    left_name,
    lock_name,
    read_note,
)
from composeroll.rollout.lock.refusals import taken_over
from tests.unit.rollout.locks import (
    ME,
    SOMEBODY,
    EngineLocks,
    Heart,
    Hours,
    Lock,
    still,
    unheard,
)


def test_what_one_broken_rollout_left_does_not_follow_into_the_next_lock() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    broken = engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    assert broken
    intent = Intent(outgoing={"c1": "outdated"})
    engine.write(broken, Note(0.0, ended=True, intent=intent).to_json())
    with locks.hold(["app"]) as left:
        assert left.outgoing == intent.outgoing
        locks.leave_to_others()
    with locks.hold(["other"]) as left:
        assert left == Intent()
    assert locks.broke_off(["app"])
    assert engine.find(lock_name("shop", "other")) is None


SIGNAL = Interrupted("interrupted by SIGTERM", signum=15)


@contextmanager
def ends_with_a_signal(beat: Callable[[], None]) -> Iterator[None]:
    """A heart whose last beat is waited for, and meanwhile a signal comes."""
    del beat
    yield
    raise SIGNAL


def test_a_signal_that_comes_when_all_is_done_is_kept_and_ends_nothing() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, ends_with_a_signal)
    with locks.hold(["app"]):
        locks.record_intent(Intent(outgoing={"c1": "outdated"}))
    assert locks.interrupted is SIGNAL
    assert not engine.locks


def test_one_that_comes_before_ends_what_is_at_work() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    with pytest.raises(Interrupted), locks.hold(["app"]):
        raise SIGNAL
    assert locks.interrupted is None
    assert not engine.locks


@pytest.mark.parametrize("fails", [EngineError("busy"), EngineUnreachable("gone")])
def test_a_lock_that_cannot_be_released_remembers_nothing_of_what_is_done(
    monkeypatch: pytest.MonkeyPatch, fails: Exception
) -> None:
    """A later rollout that failed removed what a `scale` had added."""
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)

    def fail(container: str) -> None:
        del container
        raise fails

    with monkeypatch.context() as busy:
        busy.setattr(engine, "release", fail)
        with locks.hold(["app"]):
            locks.record_intent(Intent(wanted={"app": 3}, before={"app": ["c1"]}))
    assert engine.locks
    with locks.hold(["app"]) as left:
        assert left == Intent()
    assert not engine.locks


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
        locks.record_intent(Intent(outgoing={"c1": "outdated"}))
        engine.slow.join()
        (lock,) = engine.locks.values()
        assert read_note(lock).intent.outgoing == {"c1": "outdated"}


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
            locks.record_intent(Intent(outgoing={"c1": "outdated"}))
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
    left = Intent(outgoing={"c1": "outdated"})
    with locks.hold(["nginx"], beside=["app"]):
        locks.record_intent(left)
        for lock in engine.of_project("shop"):
            engine.write(lock.id, "")
        beats[0]()
        notes = {held_by(lock, 0).service: lock.note for lock in engine.of_project("shop")}
        assert all(notes.values())
        assert {
            name: read_note(engine.find(lock_name("shop", name)) or Lock("", "", "")).intent
            for name in notes
        } == {"nginx": left, "app": Intent()}


def test_who_waits_for_a_lock_says_once_for_whom() -> None:
    events: list[Event] = []
    engine = EngineLocks()
    theirs = engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    assert theirs
    engine.write(theirs, Note(1000.0).to_json())
    locks = ServiceLocks(engine, "shop", ME, Hours(), events.append, still)
    with pytest.raises(Locked), locks.hold(["app"], patience=30.0):
        pass
    assert [event.text for event in events if isinstance(event, Noted)] == [
        f"waiting: {held_by(engine.locks[theirs], 1000.0)}"
    ]


def test_who_has_no_patience_is_refused_at_once_and_says_nothing_of_waiting() -> None:
    events: list[Event] = []
    engine, clock = EngineLocks(), Hours()
    theirs = engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    assert theirs
    engine.write(theirs, Note(1000.0).to_json())
    locks = ServiceLocks(engine, "shop", ME, clock, events.append, still)
    with pytest.raises(Locked), locks.hold(["app"]):
        pass
    assert (events, clock.now()) == ([], 0.0)


def test_who_takes_over_says_from_whom_and_the_locks_of_a_project_tell_who_has_them() -> None:
    events: list[Event] = []
    engine = EngineLocks()
    broken = engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    assert broken
    engine.write(broken, Note(0.0, ended=True).to_json())
    locks = ServiceLocks(engine, "shop", ME, Hours(), events.append, still)
    assert [(held.service, held.who) for held in locks.describe()] == [("app", str(SOMEBODY))]
    with locks.hold(["app"]):
        assert [(held.service, held.who) for held in locks.describe()] == [("app", str(ME))]
    assert events == [Noted(f"taking over from {SOMEBODY}, whose rollout broke off")]


def test_whoever_wrote_a_lock_in_words_of_another_version_is_somebody() -> None:
    events: list[Event] = []
    engine = EngineLocks()
    broken = engine.claim(lock_name("shop", "app"), "shop", '{"name": "of another version"}')
    assert broken
    assert taken_over(engine.locks[broken]).what.endswith(" was taken over by somebody")
    assert held_by(engine.locks[broken], 1000.0).who == "somebody"
    engine.write(broken, Note(0.0, ended=True).to_json())
    with ServiceLocks(engine, "shop", ME, Hours(), events.append, still).hold(["app"]):
        assert events == [Noted("taking over from somebody, whose rollout broke off")]


@pytest.mark.parametrize("name", [lock_name, left_name])
def test_what_is_half_done_in_a_service_beside_is_to_be_finished_first(
    name: Callable[[str, str], str],
) -> None:
    """Also where whoever had taken it over was cut off in turn."""
    engine = EngineLocks()
    broken = engine.claim(name("shop", "app"), "shop", SOMEBODY.to_json())
    assert broken
    intent = Intent(outgoing={"c1": "outdated"})
    engine.write(broken, Note(0.0, ended=True, intent=intent).to_json())
    locks = ServiceLocks(engine, "shop", ME, Hours(), unheard, still)
    with (
        pytest.raises(Locked, match="a rollout of app broke off") as refused,
        locks.hold(["nginx"], beside=["app"]),
    ):
        pass
    assert refused.value.help == "`composeroll update app`"
    assert [*engine.locks] == [broken]


def test_a_lock_that_is_taken_away_says_whose_it_was() -> None:
    engine = EngineLocks()
    engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    assert [held.who for held in locks.break_open(["api", "app"])] == [str(SOMEBODY)]
    assert not locks.describe()


def test_what_is_half_done_outlives_its_lock_until_that_is_released_as_well() -> None:
    """Or the next run would count what was made as wanted."""
    engine, half = EngineLocks(), Intent(wanted={"app": 2})
    broken = engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    assert broken
    engine.write(broken, Note(0.0, ended=True, intent=half).to_json())
    locks = ServiceLocks(engine, "shop", ME, Hours(), unheard, still)
    assert [held.half_done for held in locks.break_open(["app"])] == [True]
    assert [lock.name for lock in engine.locks.values()] == [left_name("shop", "app")]
    assert locks.broke_off(["app"])
    assert [held.half_done for held in locks.break_open(["app"])] == [False]
    assert not engine.locks


def test_a_released_lock_takes_an_older_note_with_it_only_where_it_has_inherited_that() -> None:
    for intent in (Intent(), Intent(wanted={"app": 2})):
        engine = EngineLocks()
        left = engine.claim(left_name("shop", "app"), "shop", SOMEBODY.to_json())
        lock = engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
        assert left
        assert lock
        engine.write(left, Note(0.0, ended=True, intent=Intent(wanted={"app": 3})).to_json())
        engine.write(lock, Note(0.0, ended=True, intent=intent).to_json())
        locks = ServiceLocks(engine, "shop", ME, Hours(), unheard, still)
        assert [held.half_done for held in locks.break_open(["app"])] == [True]
        assert [*engine.locks] == [lock if intent.wanted else left]
