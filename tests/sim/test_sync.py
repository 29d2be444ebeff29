"""What a `sync` does besides: whom it keeps waiting, what it says, what it leaves alone."""

from __future__ import annotations

import pytest

from composeroll.report.events import Planned, Warned
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids, names_what_answers
from tests.sim.images import Behaviour
from tests.sim.interference import Outside
from tests.sim.moments import moment
from tests.sim.runs import Run, Verb
from tests.sim.stacks import app
from tests.sim.world import Sim

SYNC = Run(("app",), Verb.SYNC)
SLOW = Behaviour(ready_after=40.0)
NEVER = Behaviour(ready_after=None)


def moved(behaviour: Behaviour) -> Sim:
    """Of two replicas the first has another address than nginx knows, and behaves like this."""
    sim = app(2)
    sim.images.push("app", "app-moved", behaviour)
    first = sim.engine.of("app")[0]
    first.image = sim.images.newest("app")
    Outside(sim).restart_now(first)
    return sim


def told(sim: Sim) -> set[str]:
    return set(sim.gateways.all["gateway-1"].current.told["app"])


def test_where_all_is_well_no_rollout_finds_a_lock_in_its_way() -> None:
    sim = app(2)
    assert sim.do(SYNC) == "up to date"
    assert not [told for told in sim.faults.told if told.startswith("lock")]


def test_a_strangers_address_goes_though_no_replica_is_ready() -> None:
    sim = app(1)
    (mine,), (heir,) = sim.engine.of("app"), sim.engine.of("other")
    left = mine.ip
    sim.engine.fall_now(mine)
    Outside(sim).restart_now(heir)
    assert heir.ip == left
    assert sim.do(SYNC) == "updated"
    assert f"{left}:9000" not in told(sim)


def test_it_shows_what_it_does_and_says_who_is_not_ready() -> None:
    sim = moved(NEVER)
    first, second = sim.engine.of("app")
    assert sim.do(SYNC) == "updated"
    assert told(sim) == {f"{second.ip}:9000"}
    (planned,) = (event.text for event in sim.events if isinstance(event, Planned))
    assert "point upstream app at what is ready of app" in planned
    (warned,) = (event.text for event in sim.events if isinstance(event, Warned))
    assert warned.startswith(f"not ready: {first.name}; ")


def test_what_is_ready_later_is_named_by_a_watch_though_no_event_tells() -> None:
    sim = moved(SLOW)
    assert sim.do(Run(("app",), Verb.WATCH, lasts=90.0)) == "up to date"
    names_what_answers(sim, "app")


@pytest.mark.parametrize("kind", [Kind.KILL, Kind.FAIL])
def test_what_a_rollout_left_half_done_is_still_known_afterwards(kind: Kind) -> None:
    """How many there were to be, above all."""
    retires = moment(app(2), "begin: retire")
    sim = app(2)
    sim.update("app", fault=Fault(retires + 3, kind))
    before, known = ids(sim, "app"), sim.locks.remembered()
    assert len(before) == 4
    assert known
    sim.do(SYNC)
    assert ids(sim, "app") == before
    assert sim.locks.remembered() == known
    assert sim.update("app") == "updated"
    finished(sim, "app", 2)
