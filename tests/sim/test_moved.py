"""What somebody, or the world, does to the replicas in the middle of a rollout."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from composeroll.config.settings import Pull
from composeroll.report.events import StepStarted
from tests.sim.containers import free_address
from tests.sim.effort import EVERY
from tests.sim.faults import HANGS, Fault, Kind
from tests.sim.finished import finished, ids
from tests.sim.images import SICK, Behaviour
from tests.sim.interference import Move, Outside
from tests.sim.moments import moment
from tests.sim.runs import Moved, Run, Verb
from tests.sim.stacks import STACKS, app, pair, with_services, worker
from tests.sim.survey import include_of
from tests.sim.world import Sim


def test_the_way_back_names_an_old_replica_where_it_is_now() -> None:
    sim = app(2)
    sim.images.push("app", "app-sick", SICK["never ready"])
    sim.do(Run(("app",), moves=[Moved(moment(app(2), "begin: drain") + 1, Move.RESTART)]))
    named = sim.gateways.all["gateway-1"].files[include_of("app")]
    assert all(box.ip in named for box in sim.engine.of("app"))


def test_a_sync_that_is_taken_back_names_no_address_that_another_service_has_by_now() -> None:
    """It was nobody's when the sync looked, and is somebody's when the engine answers again."""
    begins = moment(heirs(), "begin: point upstream", verb=Verb.SYNC)
    sim = heirs()
    assert sim.do(Run(("app",), Verb.SYNC, faults=[Fault(begins + 1, Kind.HANG)])) == "RolledBack"
    servers = sim.gateways.all["gateway-1"].current.servers["app"]
    assert set(servers.values()) == set(sim.engine.of("app"))


def heirs() -> Sim:
    """A replica with another address than before; the one it had is about to be somebody else's."""
    sim = app(1)
    (mine,), (heir,) = sim.engine.of("app"), sim.engine.of("other")
    left = mine.ip
    sim.engine.fall_now(heir)
    Outside(sim).restart_now(mine)
    sim.clock.at(HANGS / 2, lambda: sim.engine.start_now(heir))
    assert free_address(sim.engine.boxes.values()) == left
    return sim


def test_where_somebody_has_removed_all_old_replicas_the_new_ones_stay() -> None:
    """His `up -d` keeps to the file's one replica; then a signal sends the rollout back."""
    drains = moment(app(1), "begin: drain")
    sim = app(1)
    up, ends = Moved(drains + 5, Move.UP), Fault(drains + 8, Kind.INTERRUPT)
    assert sim.do(Run(("app",), faults=[ends], moves=[up])) == "UndoFailed"
    assert "nothing is left to go back to" in str(sim.failure)
    assert [b.image for b in sim.engine.of("app") if b.running] == ["sha256:app-v2"]
    servers = sim.gateways.all["gateway-1"].current.servers["app"]
    assert list(servers.values()) == sim.engine.of("app")
    assert sim.update("app") == "updated"
    finished(sim, "app", 1)


def test_a_replica_that_was_started_again_since_its_proof_is_not_named() -> None:
    """Its service waits for another one, which takes its time."""
    sim = pair()
    sim.images.push("api", "api-slow", Behaviour(ready_after=30.0))
    sim.images.push("app", "app-v3")

    def restart() -> None:
        new = next(b for b in sim.engine.of("app") if b.image.endswith("app-v3"))
        assert new.proven
        Outside(sim).restart_now(new)

    sim.clock.at(20.0, restart)
    before = {name: ids(sim, name) for name in ("app", "api")}
    assert sim.update("app", "api") == "RolledBack"
    assert "was started again, after it had proved itself" in str(sim.failure)
    assert {name: ids(sim, name) for name in ("app", "api")} == before
    assert sim.update("app", "api") == "updated"
    finished(sim, "app", 2)


def test_what_was_down_is_named_on_the_way_back_though_nginx_went_by_the_name() -> None:
    """It could not be pinned; and a new replica that proved itself got requests."""
    sim = pair()
    sim.tell("app", ["app:9000"])
    sim.images.push("api", "api-sick", Behaviour(ready_after=None))
    before = ids(sim, "app")
    falls = [Moved(1, Move.DIE, chance) for chance in range(8)]
    assert sim.do(Run(("app", "api"), moves=falls)) == "RolledBack", sim.failure
    assert ids(sim, "app") == before
    for gateway in sim.gateways.all.values():
        assert {box and box.id for box in gateway.current.servers["app"].values()} == before


def misled() -> Sim:
    """Of the image that is wanted; its upstream names an address of before."""
    sim = app(2)
    assert sim.update("app") == "updated"
    Outside(sim).restart_now(sim.engine.of("app")[0])
    return sim


def unpinned() -> Sim:
    """Nginx goes by the service's name, as after its start."""
    sim = app(2)
    sim.tell("app", ["app:9000"])
    return sim


@pytest.mark.parametrize("stack", [app, misled, unpinned])
def test_what_somebody_starts_in_the_middle_is_not_named_unproven(stack: Callable[[], Sim]) -> None:
    """Between what a pin or a switch goes by, and its reload."""
    for number in range(1, 60, EVERY):
        sim = stack()
        sim.do(Run(("app",), moves=[Moved(number, Move.SCALE, 17)]))


def test_what_came_past_its_line_stays_though_somebody_removes_an_older_one() -> None:
    """Nginx knows nothing of it: no upstream tells which are at work."""
    removed = [Moved(number, Move.REMOVE) for number in range(25, 50, EVERY)]
    seen = 0
    for move, fails in product(removed, range(20, 50)):
        sim = worker(2)
        end = sim.do(Run(("app",), verb=Verb.SCALE, count=3, moves=[move]))
        at_work = ids(sim, "app")
        again = Run(("app",), pull=Pull.NEVER, faults=[Fault(fails, Kind.FAIL)])
        if end == "Unfinished" and sim.do(again) == "RolledBack":
            assert at_work <= ids(sim, "app"), (move, fails)
            seen += 1
    assert seen


@pytest.mark.parametrize("chance", range(4))
def test_nothing_is_stopped_that_has_a_new_replicas_address_since_the_switch(chance: int) -> None:
    """Both are stopped and started in the other order, before the drain first looks at them."""
    switched = moment(app(3), "begin: point")
    for number in range(switched, switched + 10):
        sim = app(3)
        sim.do(Run(("app",), moves=[Moved(number, Move.SWAP, chance)]))


def test_what_somebodys_up_recreates_meanwhile_is_not_taken_back() -> None:
    for number in range(1, 40, EVERY):
        sim = app(2, declared=True)
        sim.images.push("app", "app-sick", SICK["never ready"])
        sim.do(Run(("app",), moves=[Moved(number, Move.UP)]))
        assert sim.engine.of("app"), number


def test_what_somebody_scales_up_meanwhile_is_not_taken_back() -> None:
    """By its number it could be the rollout's own."""
    sim = app(2)
    sim.images.push("app", "app-sick", SICK["never ready"])

    def scale() -> None:
        sim.engine.start_now(sim.engine.make("app"))

    sim.clock.at(0.5, scale)
    assert sim.update("app") == "UndoFailed"
    assert "somebody has scaled it in the meantime" in str(sim.failure)
    assert len(sim.engine.of("app")) == 5
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated"
    assert {b.image for b in sim.engine.of("app")} == {"sha256:app-v3"}
    assert sim.update("app") == "up to date"


def test_a_replica_that_was_restarting_and_runs_again_is_not_cleared_away() -> None:
    def crashing() -> Sim:
        sim = app(2)
        sim.images.push("app", "app-v1")
        sim.engine.kill(sim.engine.of("app")[0])
        return sim

    clears = moment(crashing(), "begin: remove leftovers")
    sim = crashing()
    box, before = sim.engine.of("app")[0], ids(sim, "app")

    def come_back() -> None:
        if len(sim.faults.trace) == clears and not box.running:
            sim.judge.moves += 1
            sim.engine.start_now(box)

    sim.faults.turn = come_back
    assert sim.update("app") == "RolledBack"
    assert "runs again" in str(sim.failure)
    assert box.running
    assert ids(sim, "app") == before


def test_nobody_is_named_on_the_way_back_while_what_was_stopped_is_down() -> None:
    """Another service's container may have got one of their addresses in the gap."""
    for number in range(60, 100, EVERY):
        sim = app(2, order="stop-first", monitor="5s")
        sim.images.push("app", "app-sick", Behaviour(dies_after=3.0))
        moves = [Moved(number, Move.RESTART, chance=1)]
        assert sim.do(Run(("app", "other"), moves=moves)) in ("RolledBack", "UndoFailed"), number


def test_stopped_replicas_that_come_back_are_named_where_they_are_then() -> None:
    """Another service's container takes the first address that a new one leaves free."""
    sim = app(2, declared=True, order="stop-first")
    sim.images.push("app", "app-sick", Behaviour(ready_after=None))
    other = sim.engine.of("other")[0]

    def move() -> None:
        sim.engine.kill(next(box for box in sim.engine.of("app") if box.running))
        Outside(sim).restart_now(other)

    sim.clock.at(1.0, move)
    assert sim.update("app") == "RolledBack"
    servers = sim.gateways.all["gateway-1"].current.servers["app"]
    assert set(servers) == {f"{box.ip}:9000" for box in sim.engine.of("app")}
    assert other.ip not in {address.partition(":")[0] for address in servers}


@pytest.mark.parametrize("chance", range(6))
def test_a_reboot_in_the_middle_leaves_no_new_replica_on_an_old_ones_address(chance: int) -> None:
    """What nginx sends to then, is told elsewhere before it goes."""
    for number in range(25, 60, 2):
        sim = app(3)
        sim.do(Run(("app",), moves=[Moved(number, Move.REBOOT, chance)]))
        sim.let_pass(60.0)
        assert sim.update("app") in ("updated", "up to date")
        finished(sim, "app", 3)


def test_the_way_back_leads_to_what_was_to_leave_where_nginx_named_none_of_it() -> None:
    """A new replica has meanwhile the address at which the old one was before it crashed."""
    seen = 0
    for number in range(40, 110, EVERY):
        sim = app(1, gateways=2)
        moves = [Moved(1, Move.DIE), Moved(number, Move.DIE)]
        end, (old, *_) = sim.do(Run(("app",), moves=moves)), sim.engine.of("app")
        if end == "RolledBack" and old.running:
            servers = sim.gateways.all["gateway-1"].current.servers["app"]
            assert list(servers) == [f"{old.ip}:9000"], number
            seen += 1
    assert seen


def test_a_replica_that_dies_while_the_switch_looks_at_another_service_is_not_named() -> None:
    probe = pair()
    probe.update("app", "api")
    begins = {
        what.split()[1]: n for n, what in enumerate(probe.faults.trace, 1) if "begin: " in what
    }
    assert begins["await"] < begins["point"] < begins["drain"]
    for number in range(begins["await"], begins["drain"]):
        sim = pair()
        sim.do(Run(("app", "api"), moves=[Moved(number, Move.DIE)]))
        assert sim.moved[Move.DIE], number


@pytest.mark.parametrize("kind", [Kind.FAIL, Kind.HANG])
def test_whoever_reloads_nginx_meanwhile_the_way_back_leads_it_away_from_what_is_new(
    kind: Kind,
) -> None:
    """The includes of one gateway may be new then, though this rollout never reloaded it."""
    first = moment(app(2, gateways=2), "write the include in gateway-1")
    for number in range(first, first + 4):
        sim = app(2, gateways=2)
        faults = [Fault(number, kind)]
        sim.do(Run(("app",), faults=faults, moves=[Moved(number, Move.RELOAD)]))
        sim.do(Run(("app",)))


def test_what_somebody_scaled_up_beside_the_upstream_gets_no_requests_before_its_turn() -> None:
    sim = app(1, batch=1)
    assert sim.do(Run(("app",), moves=[Moved(1, Move.SCALE, chance=310)])) == "updated"
    finished(sim, "app", 3)


@pytest.mark.parametrize("stack", ["two services", "gateway"])
def test_locks_that_somebody_prunes_at_any_moment_do_not_end_a_rollout(stack: str) -> None:
    whole = STACKS[stack]()
    services = with_services(whole)
    whole.update(*services)
    for number in range(1, len(whole.faults.trace) + 1, EVERY):
        sim = STACKS[stack]()
        end = sim.do(Run(services, moves=[Moved(number, Move.UNLOCK)]))
        assert end == "updated", (number, sim.failure)
        assert not sim.locks.all


@pytest.mark.parametrize("chance", [1, 10])
def test_a_new_replica_that_somebody_removes_is_missed_before_an_old_one_goes(chance: int) -> None:
    for number in range(1, 70, EVERY):
        sim = worker(2, batch=1)
        sim.do(Run(("app",), moves=[Moved(number, Move.REMOVE, chance)]))
        assert sim.engine.of("app"), number


def one_made_anew() -> Sim:
    """Two gateways with the addresses of now, the second of which was then recreated."""
    sim = app(2, gateways=2)
    assert sim.update("app") == "updated"
    anew = sim.gateways.all["gateway-2"]
    anew.files[include_of("app")] = sim.include("app", ["app:9000"])
    sim.gateways.boot(anew)
    return sim


def test_where_one_of_two_gateways_goes_by_names_nothing_new_is_meant_before_its_proof() -> None:
    sim = one_made_anew()
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated"
    steps = [event.step for event in sim.events if isinstance(event, StepStarted)]
    assert steps[-8].startswith("pin upstream app")
    finished(sim, "app", 2)


def test_sync_tells_a_gateway_that_was_made_anew_what_the_others_know() -> None:
    sim = one_made_anew()
    assert sim.do(Run(("app",), Verb.SYNC)) == "updated"
    finished(sim, "app", 2)
    assert sim.do(Run(("app",), Verb.SYNC)) == "up to date"


def test_what_two_gateways_disagree_on_is_not_added_up() -> None:
    sim = one_made_anew()
    first, second = (box.ip for box in sim.engine.of("app"))
    anew = sim.gateways.all["gateway-2"]
    anew.files[include_of("app")] = sim.include("app", ["10.0.0.98:9000", "10.0.0.99:9000"])
    sim.gateways.boot(anew)
    assert sim.update("app") == "updated"
    assert {box.ip for box in sim.engine.of("app")} == {first, second}
    finished(sim, "app", 2)


def test_an_nginx_recreated_while_a_rollout_was_cut_off_is_told_before_anything_starts() -> None:
    """Its files have the addresses of that rollout, and it runs the names that it began with."""
    looked, ends = moment(app(1), "lock: write its note"), moment(app(1), "begin: drain")
    for number in range(looked, ends):
        sim = app(1)
        faults = [Fault(number, Kind.KILL)]
        sim.do(Run(("app",), faults=faults, moves=[Moved(looked, Move.NGINX_BOOTS)]))
        sim.images.push("app", "app-v3")
        assert sim.update("app") == "updated", (number, sim.failure)
        finished(sim, "app", 1)


def test_what_two_gateways_were_left_with_is_not_put_back_where_nobody_is_any_more() -> None:
    """A rollout was cut off between the one's include and the other's, and its replica died."""
    wrote = moment(app(1, gateways=2), "write the include")
    for number in range(wrote - 4, wrote + 4):
        sim = app(1, gateways=2)
        for gateway in sim.gateways.all.values():
            gateway.longest = 0.7  # old workers outlive the replica
        sim.images.push("app", "app-sick", Behaviour(ready_after=0.0, dies_after=0.1))
        sim.do(Run(("app",), faults=[Fault(number, Kind.KILL)]))
        sim.let_pass(5.0)
        assert sim.update("app") == "RolledBack", number
        sim.images.push("app", "app-v3")
        assert sim.update("app") == "updated", (number, sim.failure)
        finished(sim, "app", 1)
