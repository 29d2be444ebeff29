"""What becomes of a rollout whose locks somebody removes, by a prune or by `lock release`."""

from __future__ import annotations

import pytest

from composeroll.errors import EngineError, Locked
from composeroll.nginx.clock import MonotonicClock
from composeroll.rollout.lock.hold import ServiceLocks
from composeroll.rollout.lock.note import Intent, Note, lock_name
from tests.unit.rollout.locks import (
    ME,
    SOMEBODY,
    EngineLocks,
    Heart,
    Hours,
    note_of,
    still,
    unheard,
)


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
    todo = Intent(outgoing={"c1": "outdated"})
    with locks.hold(["api", "app", "web"], beside=["nginx"]):
        locks.record_intent(todo)
        engine.locks.clear()
        assert not locks.ensure()
        assert note_of(engine, "nginx").intent == Intent()
        for service in ("api", "app", "web"):
            assert note_of(engine, service).intent == todo
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
            locks.record_intent(Intent(outgoing={"c1": "outdated"}))


def test_what_is_remembered_after_a_lock_was_removed_is_written_and_the_gap_told_of_once() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)
    todo = Intent(outgoing={"c1": "outdated"})
    with locks.hold(["app"]):
        engine.locks.clear()
        locks.record_intent(todo)
        assert note_of(engine, "app").intent == todo
        assert [locks.ensure(), locks.ensure()] == [False, True]
        engine.locks.clear()
        locks.record_intent(todo)
    with locks.hold(["app"]):
        assert locks.ensure()


def test_nothing_is_remembered_in_a_lock_that_somebody_else_has_by_then() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, MonotonicClock(), unheard, still)

    def lose() -> None:
        with locks.hold(["app"]):
            engine.locks.clear()
            engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
            locks.record_intent(Intent(outgoing={"c1": "outdated"}))

    with pytest.raises(Locked, match="was taken over by"):
        lose()
    assert note_of(engine, "app").intent == Intent()


@pytest.mark.parametrize("works_on", [True, False])
def test_who_loses_the_lock_in_mid_rollout_says_to_whom_and_what_stays(*, works_on: bool) -> None:
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

    with pytest.raises(Locked, match="was taken over by") as lost:
        lose()
    assert lost.value.serving == "what was done so far stays as it is: the other run decides"


@pytest.mark.parametrize("gone", [("app",), ("api", "app", "web")])
def test_who_loses_one_lock_of_several_leaves_the_others_with_what_is_to_be_finished_there(
    gone: tuple[str, ...],
) -> None:
    """Whether the others were there all along or have to be taken again."""
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, Hours(), unheard, still)
    todo = Intent(outgoing={"c1": "outdated"}, before={"api": ["c1"]})

    def lose() -> None:
        with locks.hold(["api", "app", "web"], beside=["nginx"]):
            locks.record_intent(todo)
            for service in gone:
                engine.release(engine.id_of(lock_name("shop", service)) or "")
            engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
            locks.ensure()

    with pytest.raises(Locked, match="was taken over by"):
        lose()
    assert note_of(engine, "api").ended
    assert note_of(engine, "app").intent == Intent()
    assert not engine.id_of(lock_name("shop", "nginx"))
    with locks.hold(["api"]) as left:
        assert left.outgoing == todo.outgoing


def test_who_does_not_get_all_locks_leaves_none_behind() -> None:
    engine = EngineLocks()
    locks = ServiceLocks(engine, "shop", ME, Hours(), unheard, still)
    theirs = engine.claim(lock_name("shop", "app"), "shop", SOMEBODY.to_json())
    assert theirs
    engine.write(theirs, Note(engine.now()).to_json())
    with pytest.raises(Locked), locks.hold(["api", "app"]):
        pass
    assert list(engine.locks) == [theirs]
