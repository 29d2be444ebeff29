"""What a `sync` does besides: whom it keeps waiting, what it says, what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from composeroll.report.events import Planned, Warned
from composeroll.rollout.lock.holder import this_process
from composeroll.rollout.lock.note import Note, lock_name
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids, names_what_answers
from tests.sim.images import Behaviour
from tests.sim.interference import Outside
from tests.sim.moments import moment
from tests.sim.process import Process
from tests.sim.runs import Run, Verb
from tests.sim.stacks import app, gateway
from tests.sim.world import Sim

SYNC = Run(("app",), Verb.SYNC)
WATCH = Run(("app",), Verb.WATCH, lasts=20.0)
SLOW = Behaviour(ready_after=40.0)
NEVER = Behaviour(ready_after=None)


def moved(behaviour: Behaviour, of: int = 2) -> Sim:
    """The first of its replicas has another address than nginx knows, and behaves like this."""
    sim = app(of)
    sim.images.push("app", "app-moved", behaviour)
    first = sim.engine.of("app")[0]
    first.image = sim.images.newest("app")
    Outside(sim).restart_now(first)
    return sim


def served(sim: Sim) -> set[str]:
    return set(sim.gateways.all["gateway-1"].current.servers["app"])


def test_where_all_is_well_no_rollout_finds_a_lock_in_its_way() -> None:
    sim = app(2)
    assert sim.do(SYNC) == "up to date"
    assert not [what for what in sim.faults.trace if what.startswith("lock")]


def test_a_strangers_address_goes_though_no_replica_is_ready() -> None:
    sim = app(1)
    (mine,), (heir,) = sim.engine.of("app"), sim.engine.of("other")
    left = mine.ip
    sim.engine.fall_now(mine)
    Outside(sim).restart_now(heir)
    assert heir.ip == left
    assert sim.do(SYNC) == "updated"
    assert f"{left}:9000" not in served(sim)


def test_it_shows_what_it_does_and_says_who_is_not_ready() -> None:
    sim = moved(NEVER)
    first, second = sim.engine.of("app")
    assert sim.do(SYNC) == "updated"
    assert served(sim) == {f"{second.ip}:9000"}
    (planned,) = (event.text for event in sim.events if isinstance(event, Planned))
    assert "point upstream app at the ready replicas of app" in planned
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


def strange() -> Sim:
    """Nginx sends requests of one service to another one; none of its own is ready."""
    sim = moved(NEVER, of=1)
    (mine,), (heir,) = sim.engine.of("app"), sim.engine.of("other")
    Outside(sim).restart_now(heir)
    assert f"{heir.ip}:9000" in served(sim)
    assert mine.ip != heir.ip
    return sim


def killed_as_it_writes(make: Callable[[], Sim]) -> Sim:
    """The include is right then, and nginx has not read it."""
    whole = make()
    whole.do(SYNC)
    writes = next(n for n, one in enumerate(whole.faults.trace, 1) if one.startswith("write the"))
    sim = make()
    assert (
        sim.do(Run(("app",), Verb.SYNC, faults=[Fault(writes, Kind.KILL, after=True)])) == "Killed"
    )
    return sim


def test_a_stranger_goes_though_the_first_sync_was_killed_between_writing_and_reloading() -> None:
    sim = killed_as_it_writes(strange)
    (heir,) = sim.engine.of("other")
    assert f"{heir.ip}:9000" in served(sim)
    assert sim.do(SYNC) == "updated"
    assert f"{heir.ip}:9000" not in served(sim)
    assert sim.do(SYNC) == "up to date"
    assert not sim.locks.all


def test_what_a_killed_sync_left_in_doubt_is_finished_before_nginx_itself_is_rolled() -> None:
    def restarted() -> Sim:
        sim = gateway()
        assert sim.update("nginx") == "updated"
        sim.let_pass(10.0)
        Outside(sim).restart_now(sim.engine.of("app")[0])
        return sim

    sim = killed_as_it_writes(restarted)
    assert sim.update("nginx") == "Locked"
    assert sim.do(SYNC) == "updated"
    names_what_answers(sim, "app")
    assert sim.update("nginx") == "up to date"


def test_a_sync_that_fails_and_is_taken_back_leaves_nothing_to_be_finished() -> None:
    whole = moved(Behaviour())
    whole.do(SYNC)
    reloads = next(n for n, one in enumerate(whole.faults.trace, 1) if one.startswith("reload"))
    sim = moved(Behaviour())
    assert sim.do(Run(("app",), Verb.SYNC, faults=[Fault(reloads, Kind.FAIL)])) == "RolledBack"
    assert not sim.locks.all


@pytest.mark.parametrize("verb", [Verb.SYNC, Verb.WATCH])
def test_a_rollout_of_one_service_keeps_no_other_upstream_from_being_mended(verb: Verb) -> None:
    """That one it leaves to the rollout, however wrong it is."""
    sim = moved(Behaviour(), of=1)
    Outside(sim).restart_now(sim.engine.of("other")[0])
    sim.let_pass(10.0)
    sim.faults.plan(Process(99))
    lock = lock_name(sim.project.name, "other")
    sim.locks.claim(lock, sim.project.name, this_process().to_json())
    left = sim.locks.find(lock)
    assert left
    sim.locks.write(left.id, Note(sim.locks.now() + 600.0).to_json())
    busy = Run(("other", "app"), verb, lasts=20.0)
    sim.let_leases_end = lambda: None  # type: ignore[method-assign]
    assert sim.do(busy) == ("Locked" if verb is Verb.SYNC else "up to date")
    names_what_answers(sim, "app")


@pytest.mark.parametrize("run", [SYNC, WATCH])
@pytest.mark.parametrize("begins", ["begin: await", "begin: point"])
def test_a_scaling_that_was_killed_before_its_switch_leaves_all_who_serve_named(
    run: Run, begins: str
) -> None:
    """All but one of them were to stay."""
    down = Run(("app",), Verb.SCALE, count=9)
    probe = app(10)
    probe.do(down)
    at = next(i for i, what in enumerate(probe.faults.trace, 1) if what.startswith(begins))
    sim = app(10)
    before = served(sim)
    assert sim.do(replace(down, faults=[Fault(at, Kind.KILL)])) == "Killed"
    sim.do(run)
    assert served(sim) == before
    assert len(before) == 10


@pytest.mark.parametrize("run", [SYNC, WATCH])
@pytest.mark.parametrize(("size", "batch"), [(4, 1), (6, 2)])
def test_what_earlier_batches_brought_goes_on_serving_beside_what_is_left(
    run: Run, size: int, batch: int
) -> None:
    probe = app(size, batch=batch)
    probe.update("app")
    awaited = [i for i, what in enumerate(probe.faults.trace, 1) if what.startswith("begin: await")]
    sim = app(size, batch=batch)
    assert sim.update("app", fault=Fault(awaited[-1], Kind.KILL)) == "Killed"
    before = served(sim)
    assert len(before) == size
    sim.do(run)
    assert served(sim) == before
    assert sim.update("app") == "updated"
    finished(sim, "app", size)


def test_the_side_that_serves_stays_where_no_comment_tells_which_it_is() -> None:
    """An include as somebody wrote it by hand, and a first rollout that is killed."""
    sim = app(2)
    before = served(sim)
    assert sim.update("app", fault=Fault(moment(app(2), "begin: point"), Kind.KILL)) == "Killed"
    sim.do(SYNC)
    assert served(sim) == before
