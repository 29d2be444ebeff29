"""Rollouts in which the new replicas, or nginx, are what breaks."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from composeroll.errors import RolledBack
from composeroll.model import ContainerState, Server, Upstream
from composeroll.report.events import Event, Noted, StepStarted, Warned
from tests.sim.containers import Box
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids, untouched
from tests.sim.images import SICK, Behaviour
from tests.sim.moments import moment
from tests.sim.runs import Run, Verb
from tests.sim.stacks import app, code, named, ours, pair, worker
from tests.sim.survey import include_of
from tests.sim.world import Sim, render_once


@pytest.mark.parametrize("sick", SICK)
@pytest.mark.parametrize("gateways", [1, 2])
def test_watchtower_90_444_542_a_sick_image_leaves_exactly_what_was_there(
    sick: str, gateways: int
) -> None:
    sim = app(2, gateways=gateways)
    sim.images.push("app", "app-sick", SICK[sick])
    before = ids(sim, "app")
    assert sim.update("app") == "RolledBack"
    untouched(sim, "app", before)


def test_a_replica_that_dies_while_the_old_ones_drain_sends_the_traffic_back() -> None:
    sim = app(2)
    sim.images.push("app", "app-sick", SICK["dead while the old ones drain"])
    before = ids(sim, "app")
    assert sim.update("app") == "RolledBack"
    untouched(sim, "app", before)
    begun = [e.step.split()[0] for e in sim.events if isinstance(e, StepStarted)]
    assert begun[-1] == "drain"
    assert sim.failure
    assert "exits with code 1" in str(sim.failure)


def test_a_replica_that_dies_while_it_is_watched_sends_the_traffic_back() -> None:
    sim = app(2, monitor="30s")
    sim.images.push("app", "app-sick", Behaviour(dies_after=20.0))
    before = ids(sim, "app")
    assert sim.update("app") == "RolledBack"
    untouched(sim, "app", before)


@pytest.mark.parametrize("sick", ["never ready", "dead at once"])
def test_a_sick_worker_leaves_exactly_what_was_there(sick: str) -> None:
    sim = worker(2)
    sim.images.push("app", "app-sick", SICK[sick])
    before = ids(sim, "app")
    assert sim.update("app") == "RolledBack"
    assert ids(sim, "app") == before


@pytest.mark.parametrize("how", ["rejects", "deaf"])
@pytest.mark.parametrize("which", ["gateway-1", "gateway-2"])
def test_one_gateway_that_does_not_take_it_sends_all_of_them_back(how: str, which: str) -> None:
    sim = app(2, gateways=2)
    setattr(sim.gateways.all[which], how, True)
    before = ids(sim, "app")
    assert sim.update("app") in ("RolledBack", "UndoFailed")
    assert before <= ids(sim, "app")
    setattr(sim.gateways.all[which], how, False)
    assert sim.update("app") == "updated"
    finished(sim, "app", 2)


def test_a_gateway_whose_take_back_was_not_reloaded_is_told_again_before_replicas_go() -> None:
    """Its file holds the old text by then, but it runs by the new one."""

    def broken(fault: Fault | None = None) -> Sim:
        sim = app(2, gateways=2)
        sim.gateways.all["gateway-2"].deaf = True
        assert sim.update("app", fault=fault) == "RolledBack"
        return sim

    reloads = [n for n, what in enumerate(broken().faults.trace, 1) if what == "reload gateway-1"]
    sim = broken(Fault(reloads[1], Kind.FAIL))
    gateway = sim.gateways.all["gateway-1"]
    assert set(gateway.current.servers["app"]) == {f"{box.ip}:9000" for box in sim.engine.of("app")}


@pytest.mark.parametrize("seen", [True, False])
def test_an_nginx_that_took_what_it_never_gave_back_keeps_the_new_replicas(*, seen: bool) -> None:
    """Its reload was seen taken, or taken and the answer lost; then none reaches it any more."""
    faults: list[Fault] = []
    for _ in range(9):
        sim = app(2, gateways=2)
        sim.gateways.all["gateway-2"].deaf = True
        end = sim.do(Run(("app",), faults=faults))
        moments = enumerate(sim.faults.trace, 1)
        reloads = [number for number, what in moments if what == "reload gateway-1"][seen:]
        if len(reloads) == len(faults):
            break
        lost = not seen and not faults
        faults.append(Fault(reloads[len(faults)], Kind.FAIL, after=lost))
    assert len(faults) > 1
    assert end == "UndoFailed"
    assert set(sim.gateways.all["gateway-1"].current.servers["app"].values()) <= set(
        sim.engine.of("app")
    )
    sim.gateways.all["gateway-2"].deaf = False
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 2)


def test_what_was_replaced_in_place_goes_back_from_behind_the_switch_too() -> None:
    """The old container is gone by then, as it has to be."""
    settings = {"order": "stop-first", "monitor": "5s"}
    watches = moment(named(**settings), "begin: watch")
    sim = named(**settings)
    assert sim.update("app", fault=Fault(watches + 1, Kind.FAIL)) == "RolledBack", sim.failure
    (box,) = sim.engine.of("app")
    assert (box.image, box.running) == ("sha256:app-v1", True)
    assert sim.gateways.all["gateway-1"].current.servers["app"] == {f"{box.ip}:9000": box}


def test_dokku_5435_services_named_together_all_stay_when_one_of_them_is_sick() -> None:
    sim = pair()
    sim.images.push("api", "api-sick", SICK["never ready"])
    before = {name: ids(sim, name) for name in ("app", "api")}
    assert sim.update("app", "api") == "RolledBack"
    for name, replicas in before.items():
        untouched(sim, name, replicas)


def test_sick_php_fpm_takes_the_new_code_back_too() -> None:
    sim = code()
    sim.images.push("php-fpm", "php-fpm-sick", SICK["never ready"])
    before = ids(sim, "php-fpm")
    assert sim.update("applications", "applications1", "php-fpm") == "RolledBack"
    untouched(sim, "php-fpm", before)
    assert [b.image for b in sim.engine.of("applications")] == ["sha256:applications-v1"]


def test_a_sick_image_with_a_gap_brings_the_stopped_replicas_back() -> None:
    sim = app(2, declared=True, order="stop-first")
    sim.images.push("app", "app-sick", SICK["never ready"])
    before = ids(sim, "app")
    assert sim.update("app") == "RolledBack"
    assert ids(sim, "app") == before
    assert all(box.running for box in sim.engine.of("app"))


@pytest.mark.parametrize("begins", ["begin: start the new", "begin: await", "begin: point"])
def test_what_a_killed_run_had_stopped_serves_again_where_the_next_one_fails(begins: str) -> None:
    """The new version is sick, or has become so since the run that was killed proved it."""
    sim = app(2, declared=True, order="stop-first")
    before = ids(sim, "app")
    assert (
        sim.update(
            "app", fault=Fault(moment(app(2, declared=True, order="stop-first"), begins), Kind.KILL)
        )
        == "Killed"
    )
    assert not any(box.running for box in sim.engine.of("app") if box.id in before)
    sim.images.push("app", "app-v2", SICK["never ready"])
    assert sim.update("app") == "RolledBack"
    old = [box for box in sim.engine.of("app") if box.id in before]
    assert [box.running for box in old] == [True, True]
    assert sorted(b.running for b in sim.engine.of("app") if b not in old) in ([], [False, False])
    named = sim.gateways.all["gateway-1"].current.servers["app"].values()
    assert set(named) == set(old)


@pytest.mark.parametrize("image", ["app-v2", "app-v3"])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("begins", ["start the new", "await", "point", "retire"])
def test_a_run_that_fails_after_one_that_was_killed_stops_nobody_who_serves(
    begins: str, batch: int, image: str
) -> None:
    """Three replicas that stop first, batch by batch; the kill comes in the first or the second."""
    probe = app(3, declared=True, order="stop-first", batch=1)
    probe.update("app")
    hits = [n for n, t in enumerate(probe.faults.trace, 1) if t.startswith(f"begin: {begins}")]
    at = hits[-2 if batch == 2 and begins != "point" else 0]
    sim = app(3, declared=True, order="stop-first", batch=1)
    assert sim.update("app", fault=Fault(at, Kind.KILL)) == "Killed"
    served = set(sim.gateways.all["gateway-1"].current.servers["app"].values())
    sim.images.push("app", image, SICK["never ready"])
    assert sim.update("app") in ("RolledBack", "Unfinished")
    assert all(box.running for box in served if box and box.id in ids(sim, "app"))
    assert sum(box.running for box in sim.engine.of("app")) >= len(served)


@pytest.mark.parametrize("kind", [Kind.INTERRUPT, Kind.FAIL])
@pytest.mark.parametrize("fails", ["remove leftovers", "create", "start the new"])
def test_what_a_killed_run_had_stopped_serves_again_wherever_the_next_one_fails(
    fails: str, kind: Kind
) -> None:
    """Nothing has served in between, and the end says that what served before does."""

    def killed() -> Sim:
        sim = app(2, declared=True, order="stop-first")
        starts = moment(app(2, declared=True, order="stop-first"), "begin: start the new")
        assert sim.update("app", fault=Fault(starts, Kind.KILL)) == "Killed"
        return sim

    sim = killed()
    old = {box.id for box in sim.engine.of("app") if box.image == "sha256:app-v1"}
    assert sim.update("app", fault=Fault(moment(killed(), f"begin: {fails}") + 1, kind)) in (
        "RolledBack",
        "Interrupted",
    )
    serving = [box for box in sim.engine.of("app") if box.id in old and box.running]
    assert len(serving) == 2
    servers = sim.gateways.all["gateway-1"].current.servers["app"]
    assert set(servers) == {f"{box.ip}:9000" for box in serving}


@pytest.mark.parametrize("begins", ["start the new", "await", "point", "retire"])
def test_a_newer_image_after_a_kill_leaves_those_that_stop_first_in_batches_without_a_gap(
    begins: str,
) -> None:
    """One more is outdated then than are wanted: what the killed run had started."""

    def make() -> Sim:
        sim = app(3, declared=True, order="stop-first", batch=1)
        sim.judge.gaps, sim.judge.fewer = frozenset(), {"app": 1}
        return sim

    sim = make()
    assert sim.update("app", fault=Fault(moment(make(), f"begin: {begins}"), Kind.KILL)) == "Killed"
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 3)


@pytest.mark.parametrize("kind", [Kind.INTERRUPT, Kind.FAIL])
def test_what_has_come_to_serve_in_a_gap_is_not_stopped_again(kind: Kind) -> None:
    """Killed while it retires what it replaced; the next run is ended before it is done."""
    sim = app(3, declared=True, order="stop-first")
    retires = moment(app(3, declared=True, order="stop-first"), "begin: retire")
    assert sim.update("app", fault=Fault(retires, Kind.KILL)) == "Killed"
    serves = [box for box in sim.engine.of("app") if box.running]
    again = moment(sim_of_retiring(retires), "begin: await")
    sim.update("app", fault=Fault(again, kind))
    assert all(box.running for box in serves)
    assert len(serves) == 3


def sim_of_retiring(killed: int) -> Sim:
    sim = app(3, declared=True, order="stop-first")
    assert sim.update("app", fault=Fault(killed, Kind.KILL)) == "Killed"
    return sim


def test_old_replicas_that_do_not_come_back_after_a_gap_keep_no_new_one_there() -> None:
    sim = app(2, declared=True, order="stop-first")
    sim.images.push("app", "app-sick", SICK["never ready"])
    before = ids(sim, "app")

    def crash(box: Box) -> None:
        if box.id in before:
            sim.engine.fall_now(box)
            box.state = ContainerState.RESTARTING

    sim.engine.on_start = crash
    assert sim.update("app") == "RolledBack"
    assert ids(sim, "app") == before


def test_what_is_replaced_in_place_and_back_is_named_where_it_is_then() -> None:
    sim = named(order="stop-first")
    sim.images.push("app", "app-sick", SICK["never ready"])
    sim.run("other")
    other = sim.engine.of("other")[0]
    sim.engine.stop_now(other)

    def take_its_address(box: Box) -> None:
        if box.image == "sha256:app-sick":
            sim.engine.start_now(other)

    sim.engine.on_end = take_its_address
    assert sim.update("app") == "RolledBack"
    (box,) = sim.engine.of("app")
    assert box.ip != other.ip
    assert list(sim.gateways.all["gateway-1"].current.servers["app"]) == [f"{box.ip}:9000"]


def test_a_batch_with_a_gap_that_fails_leaves_the_other_replicas_running() -> None:
    sim = app(2, declared=True, order="stop-first", batch=1)
    sim.images.push("app", "app-sick", SICK["dead at once"])
    before = ids(sim, "app")
    assert sim.update("app") == "RolledBack"
    untouched(sim, "app", before)


def test_what_stops_first_in_batches_has_no_gap_where_others_serve() -> None:
    """No request is sent to what is about to stop, nor to the address it leaves."""
    sim = app(3, declared=True, order="stop-first", batch=1)
    sim.judge.gaps, sim.judge.fewer = frozenset(), {"app": 1}
    sim.gateways.all["gateway-1"].longest = 5.0
    assert sim.update("app") == "updated"
    finished(sim, "app", 3)
    notes = [event.text for event in sim.events if isinstance(event, Noted)]
    assert not any("did not answer" in note for note in notes)


@pytest.mark.parametrize("behaviour", SICK.values(), ids=SICK)
def test_a_sick_batch_that_stops_first_is_taken_back_behind_the_backs_of_all(
    behaviour: Behaviour,
) -> None:
    sim = app(3, declared=True, order="stop-first", batch=1, monitor="5s")
    sim.judge.gaps, sim.judge.fewer = frozenset(), {"app": 1}
    sim.images.push("app", "app-sick", behaviour)
    before = ids(sim, "app")
    assert sim.update("app") == "RolledBack"
    assert ids(sim, "app") == before
    named = sim.gateways.all["gateway-1"].current.servers["app"].values()
    assert set(named) == set(sim.engine.of("app"))


@pytest.mark.parametrize("after", [1.0, 3.0, 5.0, 9.0])
def test_an_old_replica_that_flaps_is_replaced_batch_by_batch_all_the_same(after: float) -> None:
    """Its version is what the rollout is there to replace."""
    sim = app(3, declared=True, order="stop-first", batch=1)
    sim.gateways.all["gateway-1"].longest = 5.0
    *_, flaps = sim.engine.of("app")

    def restarts() -> None:
        flaps.life += int(flaps.running)

    sim.clock.at(sim.clock.now() + after, restarts)
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 3)


def test_the_way_back_names_only_what_still_lives() -> None:
    """The first batch's replica dies while the second's old one drains."""
    sim = app(2, batch=1)
    sim.gateways.all["gateway-1"].longest = 5.0
    sim.images.push("app", "app-sick", Behaviour(dies_after=8.0))
    sim.update("app")
    assert list(sim.gateways.all["gateway-1"].current.servers["app"]) == [
        f"{box.ip}:9000" for box in sim.engine.of("app") if box.image == "sha256:app-v1"
    ]


def test_a_batch_that_fails_after_another_says_who_serves_and_its_version_can_be_left() -> None:
    sim = app(2, batch=1)
    assert sim.update("app") == "updated"
    sim.images.push("app", "app-late", Behaviour(dies_after=8.0))
    sim.gateways.all["gateway-1"].longest = 5.0
    assert sim.update("app") == "RolledBack"
    assert isinstance(sim.failure, RolledBack)
    assert "the new replicas of earlier batches serve" in (sim.failure.serving or "")
    sim.gateways.all["gateway-1"].longest = 0.1
    assert sim.do(Run(("app",), Verb.ROLLBACK)) == "updated", sim.failure
    assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v2"}


def test_a_worker_that_never_leaves_ends_the_drain_in_time_and_is_told() -> None:
    sim = app(2, drain={"timeout": "10s"})
    for gateway in sim.gateways.all.values():
        gateway.longest = None
    assert sim.update("app") == "updated"
    assert any(isinstance(e, Warned) and "after 10s 1 old" in e.text for e in sim.events)
    finished(sim, "app", 2)


def test_a_worker_that_never_leaves_is_told_on_the_way_back_too() -> None:
    sim = app(2, drain={"timeout": "10s"}, monitor="5s")
    for gateway in sim.gateways.all.values():
        gateway.longest = None
    sim.images.push("app", "app-sick", Behaviour(dies_after=3.0))
    before = ids(sim, "app")
    assert sim.update("app") == "RolledBack"
    untouched(sim, "app", before)
    assert any(isinstance(e, Warned) and "after 10s 2 old" in e.text for e in sim.events)


def test_a_way_back_that_nginx_refuses_keeps_the_new_replicas_that_it_still_names() -> None:
    sim, gateway = app(2), "gateway-1"
    hear = sim.judge.hear

    def break_it(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step.startswith("drain"):
            sim.gateways.all[gateway].rejects = True
        hear(event)

    sim.judge.hear = break_it  # type: ignore[method-assign]
    drain = moment(app(2), "begin: drain")
    assert sim.update("app", fault=Fault(drain, Kind.INTERRUPT)) == "UndoFailed"
    named = sim.gateways.all[gateway].current.servers["app"].values()
    new = [box for box in sim.engine.of("app") if box.image == "sha256:app-v2"]
    assert set(named) == set(new)
    assert [box.running for box in new] == [True, True]


@pytest.mark.parametrize(("parameters", "stays"), [((), False), (("resolve",), True)])
def test_a_name_that_nginx_resolves_itself_is_not_put_back(
    parameters: tuple[str, ...],
    stays: bool,  # noqa: FBT001 - a parameter of pytest's
) -> None:
    """It would answer 502 from the reload on until it knew the name's addresses."""
    sim = app(2)
    named = Upstream("app", (Server("app:9000", parameters),), ("zone app 256k",))
    gateway = sim.gateways.all["gateway-1"]
    gateway.files[include_of("app")] = before = render_once(named, "shop", "app")
    sim.gateways.boot(gateway)
    sim.images.push("app", "app-sick", SICK["never ready"])
    assert sim.update("app") == "RolledBack"
    servers, old = gateway.current.servers["app"], {f"{b.ip}:9000" for b in sim.engine.of("app")}
    assert set(servers) == (old if stays else {"app:9000"})
    assert (gateway.files[include_of("app")] != before) is stays
    noted = [e.text for e in sim.events if isinstance(e, Noted)]
    assert (
        any("keeps the addresses of the replicas that serve now" in text for text in noted) is stays
    )


@pytest.mark.parametrize(("parameters", "named"), [((), True), (("resolve",), False)])
def test_nor_is_it_on_the_way_back_of_a_batch_that_stops_first(
    parameters: tuple[str, ...],
    named: bool,  # noqa: FBT001 - a parameter of pytest's
) -> None:
    sim = app(3, declared=True, order="stop-first", batch=1)
    sim.judge.gaps, sim.judge.fewer = frozenset(), {"app": 1}
    by_name = Upstream("app", (Server("app:9000", parameters),), ("zone app 256k",))
    gateway = sim.gateways.all["gateway-1"]
    gateway.files[include_of("app")] = render_once(by_name, "shop", "app")
    sim.gateways.boot(gateway)
    sim.images.push("app", "app-sick", SICK["never ready"])
    assert sim.update("app") == "RolledBack"
    old = {f"{b.ip}:9000" for b in sim.engine.of("app")}
    assert set(gateway.current.servers["app"]) == ({"app:9000"} if named else old)


def test_docker_rollout_31_replicas_that_compose_made_from_another_image_are_taken_back() -> None:
    sim = app(2)
    before = ids(sim, "app")
    sim.engine.odd_image = "sha256:app-v1"
    assert sim.update("app") == "RolledBack"
    assert "was made from sha256:app-v1, not sha256:app-v2" in str(sim.failure)
    untouched(sim, "app", before)


def test_a_service_that_crash_loops_is_mended_by_a_sound_image_even_one_at_a_time() -> None:
    sim = app(2, batch=1, declared=True)
    for box in sim.engine.of("app"):
        sim.engine.kill(box)
    assert sim.update("app") == "updated"
    finished(sim, "app", 2)


def test_force_counts_those_that_crash_in_a_loop_with_those_that_run() -> None:
    sim = worker(2)
    sim.images.push("app", "app-v1")
    sim.engine.kill(sim.engine.of("app")[0])
    assert sim.update("app", force=True) == "updated"
    finished(sim, "app", 2)


def test_of_replicas_that_crash_loop_none_is_forgotten_where_clearing_them_away_fails() -> None:
    for number in range(1, 60):
        sim = worker(2)
        sim.images.push("app", "app-v1")
        for box in sim.engine.of("app"):
            sim.engine.kill(box)
        sim.update("app", fault=Fault(number, Kind.FAIL))
        assert sim.update("app") in ("updated", "up to date")
        finished(sim, "app", 2)


def test_the_way_back_does_not_lead_to_a_replica_that_has_a_dead_ones_address() -> None:
    sim = app(2)
    dead, living = sim.engine.of("app")
    dead.restart_policy, left = "no", dead.ip
    sim.engine.kill(dead)
    assert sim.update("app", fault=Fault(moment(app(2), "begin: drain"), Kind.INTERRUPT)) == (
        "Interrupted"
    )
    assert left not in {box.ip for box in sim.engine.of("app")}
    served = sim.gateways.all["gateway-1"].current.servers["app"]
    assert list(served) == [f"{living.ip}:9000"]


def test_who_died_while_others_took_long_to_get_ready_takes_nobodys_place() -> None:
    """No traffic is moved to a worker, so that no drain watches over it."""
    sim = Sim({"worker": {}, "slow": {}})
    for name in ("worker", "slow"):
        sim.run(name, 2)
    sim.images.push("worker", "worker-v2", Behaviour(dies_after=20.0))
    sim.images.push("slow", "slow-v2", Behaviour(ready_after=30.0))
    before = {name: ids(sim, name) for name in ("worker", "slow")}
    assert sim.update("worker", "slow") == "RolledBack"
    assert "shop-worker-3 exits" in str(sim.failure)
    assert {name: ids(sim, name) for name in ("worker", "slow")} == before


@pytest.mark.parametrize(
    ("line", "end"), [("Network shop_default Removed", "Refused"), ("", "updated")]
)
def test_what_cannot_run_twice_is_not_stopped_for_a_network_that_has_changed(
    line: str, end: str
) -> None:
    """Compose would stop it amid the creation of the new one, which then fails."""
    fixed = {"ports": [{"published": "8080", "target": 80}], **ours(order="stop-first")}
    sim = Sim({"app": fixed})
    sim.run("app")
    sim.wire("app")
    sim.images.push("app", "app-v2")
    stops = "Container shop-app-1 Stopping"
    with patch.object(
        sim.engine, "preflight", lambda scales: (stops, *filter(None, [line])) if scales else ()
    ):
        assert sim.update("app") == end, sim.failure
