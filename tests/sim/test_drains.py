"""Old workers that do not leave: whose connections hold them decides who is waited for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from composeroll.errors import Refused
from composeroll.report.events import Noted, Warned
from composeroll.rollout.detached_replica import read_detached
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids
from tests.sim.images import Behaviour
from tests.sim.interference import Move
from tests.sim.runs import Moved, Run, Verb
from tests.sim.stacks import drained
from tests.sim.world import Sim
from tests.unit.rollout.makers import ours


def with_websockets(**settings: object) -> Sim:
    """Two replicas of app, behind a gateway whose workers other services' websockets keep."""
    sim = Sim({"app": {"scale": 2, **ours(**settings)}})
    sim.run("app", 2)
    sim.wire("app")
    for gateway in sim.gateways.all.values():
        gateway.websockets = True
    return sim


def with_own_websockets(batch: object = "all", **drain: object) -> Sim:
    """The same, and the websockets are app's own."""
    sim = with_websockets(batch=batch, drain={"timeout": "10m", **drain})
    for gateway in sim.gateways.all.values():
        gateway.own_websockets = True
    sim.images.push("app", "app-v2")
    return sim


def texts(sim: Sim, kind: type[Noted | Warned]) -> list[str]:
    return [event.text for event in sim.events if isinstance(event, kind)]


@pytest.mark.parametrize("batch", [1, "all"])
def test_other_services_websockets_hold_nobody_up(batch: object) -> None:
    sim = with_websockets(batch=batch, drain={"timeout": "10m"})
    sim.images.push("app", "app-v2")
    began = sim.clock.now()
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 2)
    assert sim.clock.now() - began < 60
    assert any(
        "to other services left to the old nginx worker" in text for text in texts(sim, Noted)
    )
    assert not texts(sim, Warned)


def test_other_services_websockets_do_not_hold_up_the_way_back_either() -> None:
    sim = with_websockets(monitor="5s", drain={"timeout": "10m"})
    sim.images.push("app", "app-sick", Behaviour(dies_after=3.0))
    began = sim.clock.now()
    assert sim.update("app") == "RolledBack"
    assert sim.clock.now() - began < 60
    assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v1"}


def test_own_websockets_are_waited_for_as_long_as_the_budget_lasts() -> None:
    sim = with_own_websockets()
    began = sim.clock.now()
    assert sim.update("app") == "updated", sim.failure
    assert sim.clock.now() - began > 600
    assert any(
        "after 10m 1 old nginx worker is still running" in text for text in texts(sim, Warned)
    )


def test_a_drain_looks_ten_times_a_second_at_first_and_a_long_one_once() -> None:
    """Each look is an event of the engine's, which wakes whoever listens."""
    sim = with_own_websockets()
    assert sim.update("app") == "updated", sim.failure
    looks = sum(what.startswith("look at workers") for what in sim.faults.trace)
    at_first, later, at_last = 10 * 2, 46, 580  # seconds 0 to 2, 2 to 20, and 20 to 600
    assert at_first + later + at_last <= looks < at_first + later + at_last + 60


def test_own_websockets_that_are_to_be_cut_cost_seconds() -> None:
    sim = with_own_websockets(long_connections="cut", long_after="20s")
    began = sim.clock.now()
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 2)
    assert 20 < sim.clock.now() - began < 60
    assert "1 connection open for 20s cut" in texts(sim, Noted)


def with_detached_drains(**drain: object) -> Sim:
    """Two replicas of app whose websockets never end, and drains that outlive their rollouts."""
    return with_own_websockets(detach=True, **drain)


def close_websockets(sim: Sim) -> None:
    """Let every old worker end."""
    for gateway in sim.gateways.all.values():
        gateway.workers[:] = [gateway.current]


def detached(sim: Sim, service: str = "app") -> list[str]:
    """The names of the replicas that drain on."""
    return [box.name for box in sim.engine.of(service) if read_detached(box.replica())]


def test_what_is_left_to_drain_on_is_never_started_again_wherever_that_breaks() -> None:
    whole = with_detached_drains()
    whole.update("app")
    forbid = next(n for n, what in enumerate(whole.faults.trace, 1) if what.startswith("forbid"))
    for number in range(forbid, len(whole.faults.trace)):
        sim = with_detached_drains()
        sim.update("app", fault=Fault(number, Kind.FAIL))
        sim.update("app")
        left = [b for b in sim.engine.of("app") if read_detached(b.replica())]
        assert {b.restart_policy for b in left} <= {"no"}, number


@pytest.mark.parametrize("batch", [1, "all"])
def test_a_detached_drain_ends_the_rollout_and_sync_ends_the_drain(batch: object) -> None:
    sim = with_own_websockets(batch=batch, detach=True)
    began = sim.clock.now()
    assert sim.update("app") == "updated", sim.failure
    assert sim.clock.now() - began < 30
    assert len(detached(sim)) == 2
    assert all(box.running for box in sim.engine.of("app"))
    assert sim.do(Run(("app",), Verb.SYNC)) == "up to date", sim.failure
    assert len(detached(sim)) == 2
    close_websockets(sim)
    assert sim.do(Run(("app",), Verb.SYNC)) == "updated", sim.failure
    finished(sim, "app", 2)


def test_what_drains_on_is_left_alone_while_nginx_reaches_it_by_its_services_name() -> None:
    sim = with_own_websockets(detach=True)
    assert sim.update("app") == "updated", sim.failure
    close_websockets(sim)
    sim.tell("app", ["app:9000"])
    assert sim.update("app") == "updated", sim.failure
    assert len(detached(sim)) == 2
    close_websockets(sim)
    assert sim.do(Run(("app",), Verb.SYNC)) == "updated", sim.failure
    finished(sim, "app", 2)


def test_replicas_that_drain_on_are_nobodys_replicas() -> None:
    sim = with_detached_drains()
    assert sim.update("app") == "updated", sim.failure
    assert sim.update("app") == "up to date", sim.failure
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated", sim.failure
    assert len(detached(sim)) == 4
    assert sim.do(Run(("app",), Verb.ROLLBACK)) == "updated", sim.failure
    assert sim.do(Run(("app",), Verb.SCALE, count=3)) == "updated", sim.failure
    assert len(sim.engine.of("app")) - len(detached(sim)) == 3
    close_websockets(sim)
    assert sim.update("app") in ("updated", "up to date"), sim.failure
    assert not detached(sim)


def test_fewer_replicas_leave_the_next_update_its_names() -> None:
    sim = with_detached_drains()
    assert sim.do(Run(("app",), Verb.SCALE, count=1)) == "updated", sim.failure
    assert detached(sim)
    assert sim.update("app") == "updated", sim.failure


def test_the_next_update_retires_what_has_drained() -> None:
    sim = with_detached_drains()
    assert sim.update("app") == "updated", sim.failure
    close_websockets(sim)
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 2)
    assert sim.update("app") == "up to date", sim.failure


def test_a_detached_drain_ends_with_its_budget_and_says_so() -> None:
    sim = with_detached_drains(timeout="10m")
    assert sim.update("app") == "updated", sim.failure
    sim.let_pass(601)
    assert sim.do(Run(("app",), Verb.SYNC)) == "updated", sim.failure
    assert any("the drain timeout of" in text for text in texts(sim, Warned))
    finished(sim, "app", 2)


def test_what_is_set_aside_survives_a_reboot_and_goes_with_the_next_sync() -> None:
    sim = with_detached_drains()
    assert sim.update("app") == "updated", sim.failure
    drained = [box for box in sim.engine.of("app") if read_detached(box.replica())]
    for box in drained:
        sim.engine.kill(box)
    assert [box.state for box in drained] == ["exited", "exited"]
    close_websockets(sim)
    assert sim.do(Run(("app",), Verb.SYNC)) == "updated", sim.failure
    finished(sim, "app", 2)


def test_killed_at_any_change_a_detached_drain_is_finished_by_the_same_commands() -> None:
    sim = with_detached_drains()
    sim.update("app")
    changes = len(sim.faults.process.changes)
    assert changes > 5
    for number in sim.faults.process.changes:
        for after in (False, True):
            sim = with_detached_drains()
            assert sim.update("app", fault=Fault(number, Kind.KILL, after=after)) == "Killed"
            assert sim.update("app") in {"updated", "up to date"}, sim.failure
            close_websockets(sim)
            assert sim.do(Run(("app",), Verb.SYNC)) in {"updated", "up to date"}, sim.failure
            finished(sim, "app", 2)


def test_what_has_drained_stays_where_nginx_goes_by_the_name_since_it_was_judged() -> None:
    """As one does that was made anew while the lock was waited for."""
    sync, whole = Run(("app",), Verb.SYNC), drained()
    assert whole.do(sync) == "updated"
    locks = next(n for n, what in enumerate(whole.faults.trace, 1) if what.startswith("lock "))
    sim = drained()
    sim.do(replace(sync, moves=[Moved(locks, Move.NGINX_BOOTS)]))
    assert len(detached(sim)) == 1
    assert sim.do(sync) == "updated"
    close_websockets(sim)
    sim.let_pass(60.0)
    assert sim.do(sync) in ("updated", "up to date")
    assert not detached(sim)


HOOKED = {"scale": 2, "post_start": [{"command": ["true"]}]}


def with_draining(raw: dict[str, Any]) -> Sim:
    """Two replicas of a service that is written like this, and two from before that drain on."""
    sim = Sim({"app": {**raw, **ours(drain={"timeout": "12h", "detach": True})}})
    sim.run("app", 2)
    sim.wire("app")
    for gateway in sim.gateways.all.values():
        gateway.websockets = gateway.own_websockets = True
    sim.images.push("app", "app-v2")
    assert sim.update("app") == "updated", sim.failure
    assert len(detached(sim)) == 2
    return sim


@pytest.mark.parametrize("run", [Run(("app",)), Run(("app",), Verb.ROLLBACK)])
def test_what_drains_on_is_not_replaced_with_those_that_serve(run: Run) -> None:
    """Compose, which starts them, would start what stopped first too: so it recreates them all."""
    sim = with_draining(HOOKED)
    sim.write({"app": {**HOOKED, **ours(order="stop-first")}})
    sim.images.push("app", "app-v3")
    before = ids(sim, "app")
    assert sim.do(run) == "Refused"
    refused = cast("Refused", sim.failure)
    assert all(name in refused.what and name in (refused.help or "") for name in detached(sim))
    assert ids(sim, "app") == before
    assert all(box.running for box in sim.engine.of("app"))


def test_what_drains_on_no_more_is_in_nobodys_way() -> None:
    sim = with_draining(HOOKED)
    sim.write({"app": {**HOOKED, **ours(order="stop-first")}})
    sim.images.push("app", "app-v3")
    close_websockets(sim)
    assert sim.update("app") == "updated", sim.failure
    assert [box.image for box in sim.engine.of("app")] == ["sha256:app-v3"] * 2


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.SCALE])
def test_what_drained_on_and_has_ended_goes_and_is_never_started_again(verb: Verb) -> None:
    """By compose neither, which starts every container of a service with a hook."""
    sim = with_draining(HOOKED)
    ended = [box for box in sim.engine.of("app") if box.detached]
    for box in ended:
        sim.engine.kill(box)
    sim.images.push("app", "app-v3")
    assert sim.do(Run(("app",), verb, count=3)) == "updated", sim.failure
    assert not any(box in sim.engine.of("app") for box in ended)
    assert len([box for box in sim.engine.of("app") if not box.detached]) == (
        3 if verb is Verb.SCALE else 2
    )


def test_a_name_of_its_own_leaves_what_drains_on_to_be_retired() -> None:
    """Compose takes no number but 1 for such a service, whatever it finds."""
    sim = with_own_websockets(detach=True)
    assert sim.update("app") == "updated", sim.failure
    sim.write({"app": {"container_name": "the-app", **ours(order="stop-first")}})
    assert sim.do(Run(("app",), Verb.SYNC)) == "up to date", sim.failure
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "Refused"
    assert "still drain from an earlier rollout" in str(sim.failure)
    close_websockets(sim)
    assert sim.do(Run(("app",), Verb.SYNC)) == "updated", sim.failure
    assert not detached(sim)


def test_a_name_of_its_own_is_not_given_to_a_second_one_beside_what_drains_on() -> None:
    sim = with_own_websockets(detach=True)
    assert sim.update("app") == "updated", sim.failure
    sim.write({"app": {"container_name": "the-app", **ours(order="stop-first")}})
    for box in [box for box in sim.engine.of("app") if not box.detached]:
        del sim.engine.boxes[box.id]
    assert sim.update("app") == "Refused"
    assert len(sim.engine.of("app")) == len(detached(sim)) == 2
