"""Two runs and more in one world, in every order that a seed gives."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sim.effort import WHOLE
from tests.sim.finished import finished
from tests.sim.images import Behaviour
from tests.sim.interference import Move
from tests.sim.moments import moment
from tests.sim.runs import Moved, Run, Verb
from tests.sim.stacks import app, pair

SEEDS = 60 if WHOLE else 15
PLAIN = Run(("app",))
PATIENT = Run(("app",), patience=600.0)


@pytest.mark.parametrize("runs", [2, 5])
def test_of_updates_at_once_one_rolls_and_the_others_are_told(runs: int) -> None:
    for seed in range(SEEDS):
        sim = app(2)
        ends = sim.race(seed, [PLAIN] * runs)
        assert "updated" in ends
        assert set(ends) <= {"updated", "Locked", "up to date"}
        finished(sim, "app", 2)
        assert not sim.locks.all


def test_who_waits_for_the_lock_finds_nothing_left_to_do() -> None:
    for seed in range(SEEDS):
        sim = app(2)
        assert sorted(sim.race(seed, [PATIENT] * 3)) == ["up to date", "up to date", "updated"]
        finished(sim, "app", 2)


@pytest.mark.parametrize("number", range(10, 80, 5))
def test_a_run_whose_lock_somebody_removes_takes_nothing_back_from_who_has_it_then(
    number: int,
) -> None:
    """Its new replica dies meanwhile, so it wants to go back."""
    for seed in range(SEEDS):
        sim = app(1)
        sim.images.push("app", "app-v2", Behaviour(dies_after=0.9))
        unlocks = Moved(number, Move.UNLOCK)
        sim.race(seed, [PLAIN, Run(("app",), patience=600.0, moves=[unlocks])])
        sim.images.push("app", "app-v3")
        assert sim.update("app") == "updated", sim.failure
        finished(sim, "app", 1)


def test_who_finds_that_another_run_came_and_went_while_its_lock_was_gone_stops() -> None:
    """The other one has named the replica that is about to be retired: both have the same image."""
    ends: Counter[str] = Counter()
    amid_its_drain = moment(app(1), "begin: drain") + 5
    for seed in range(SEEDS):
        sim = app(1)
        assert sim.update("app") == "updated"
        unlocks = Moved(amid_its_drain, Move.UNLOCK)
        forcing = Run(("app",), Verb.FORCE, moves=[unlocks])
        ends.update(sim.race(seed, [forcing, Run(("app",), patience=600.0)]))
        assert sim.update("app") in ("updated", "up to date"), sim.failure
        assert not sim.locks.all
        finished(sim, "app", 1)
    assert ends["LockLost"], ends


def test_who_loses_the_lock_of_one_service_leaves_the_other_one_to_be_finished() -> None:
    """Both locks are pruned in the drain, and somebody else takes one before this run looks."""
    whole, ends = pair(), Counter[str]()
    whole.update("app", "api")
    drain = next(n for n, what in enumerate(whole.faults.trace, 1) if "begin: drain" in what)
    unlocks = Moved(drain + 6, Move.UNLOCK)
    for seed in range(SEEDS):
        sim = pair()
        assert sim.update("app", "api") == "updated"
        both = Run(("app", "api"), Verb.FORCE, patience=600.0, moves=[unlocks])
        end, _ = sim.race(seed, [both, Run(("app",), Verb.FORCE, patience=600.0)])
        ends[end] += 1
        assert sim.update("api") in ("updated", "up to date"), sim.failure
        finished(sim, "api", 2)
        assert not sim.locks.all or end == "LockLost"  # who comes too late for both leaves both
    assert ends["Locked"], ends


@pytest.mark.parametrize("verb", [Verb.SYNC, Verb.SCALE, Verb.FORCE])
def test_other_verbs_beside_an_update_leave_it_alone(verb: Verb) -> None:
    for seed in range(SEEDS):
        sim = app(2)
        ends = sim.race(seed, [PLAIN, Run(("app",), verb, count=2)])
        assert set(ends) <= {"updated", "up to date", "Locked"}
        assert sim.update("app") in ("updated", "up to date")
        finished(sim, "app", 2)
