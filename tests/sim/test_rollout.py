"""Rollouts in which nothing breaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from composeroll.config.settings import Pull
from composeroll.errors import Refused, Unfinished
from composeroll.model import ContainerState
from composeroll.report.events import Noted, Warned
from composeroll.rollout.update import BROKE_OFF
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids, untouched
from tests.sim.moments import moment
from tests.sim.runs import Run, Verb
from tests.sim.stacks import EXITING, STACKS, app, code, named, ours, with_services, worker
from tests.sim.world import Sim

READING = ("pull", "look", "ask", "lock", "read", "tag", "untag")


@pytest.mark.parametrize("stack", STACKS)
def test_a_rollout_ends_with_as_many_new_replicas_as_there_were(stack: str) -> None:
    sim = STACKS[stack]()
    counts = {name: len(sim.engine.of(name)) for name in with_services(sim)}
    assert sim.update(*counts) == "updated", sim.failure
    for name, replicas in counts.items():
        finished(sim, name, replicas)


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_rollout_finds_nothing_to_do(stack: str) -> None:
    sim = STACKS[stack]()
    sim.update(*with_services(sim))
    assert sim.update(*with_services(sim)) == "up to date"
    assert not [t for t in sim.faults.trace if not t.startswith(READING)]


@pytest.mark.parametrize("stack", STACKS)
def test_a_dry_run_changes_nothing(stack: str) -> None:
    sim = STACKS[stack]()
    assert "nothing unproven gets traffic" in sim.plan(*with_services(sim))
    assert not [t for t in sim.faults.trace if not t.startswith(("look", "ask", "read"))]


def test_a_plan_after_a_rollout_was_cut_off_says_that_an_update_does_more() -> None:
    sim, note = app(2), Noted(BROKE_OFF)
    sim.do(Run(("app",), faults=[Fault(moment(app(2), "begin: drain"), Kind.KILL)]))
    sim.let_leases_end()
    sim.plan("app")
    assert note in sim.events
    assert sim.update("app") == "updated"
    sim.plan("app")
    assert note not in sim.events


def test_a_plan_is_refused_as_the_update_is_where_nothing_would_bring_the_image() -> None:
    sim = Sim({"app": {"pull_policy": "never"}})
    sim.run("app")
    sim.images.here.clear()
    assert sim.update("app") == "Refused"
    with pytest.raises(Refused, match="not on the engine"):
        sim.plan("app")


def test_docker_orchestrate_64_66_three_rounds_in_a_row_keep_count_and_names() -> None:
    sim = app(3)
    for image in ("app-v3", "app-v4", "app-v5"):
        sim.images.push("app", image)
        assert sim.update("app") == "updated"
        finished(sim, "app", 3)


def test_docker_rollout_38_a_first_start_is_proven_before_it_is_in_the_upstream() -> None:
    sim = app(2, declared=True)
    sim.judge.capacity.clear()
    sim.engine.boxes = {i: b for i, b in sim.engine.boxes.items() if b.service != "app"}
    sim.tell("app", ["app:9000"])
    assert sim.update("app") == "updated"
    finished(sim, "app", 2)


def test_more_replicas_in_the_file_than_run_are_added_without_touching_the_others() -> None:
    sim = app(3, declared=True)
    sim.images.push("app", "app-v1")
    running = sim.engine.of("app")
    del sim.engine.boxes[running[2].id]
    sim.judge.capacity["app"] = 2
    sim.wire("app")
    assert sim.update("app") == "updated"
    assert {b.id for b in running[:2]} <= ids(sim, "app")
    finished(sim, "app", 3)


@pytest.mark.parametrize("state", [ContainerState.EXITED, ContainerState.CREATED])
def test_docker_rollout_20_62_leftovers_are_removed_and_never_started_on_their_old_image(
    state: ContainerState,
) -> None:
    sim = app(1)
    left = sim.engine.make("app")
    left.state = state
    assert sim.update("app") == "updated"
    assert left.id not in sim.engine.boxes
    finished(sim, "app", 1)


def test_an_upstream_that_names_addresses_of_the_past_is_mended() -> None:
    sim = app(2)
    sim.images.push("app", "app-v1")
    sim.tell("app", ["10.0.0.99:9000"])
    before = ids(sim, "app")
    assert sim.update("app") == "updated"
    assert ids(sim, "app") == before
    finished(sim, "app", 2)


def test_force_replaces_what_is_up_to_date() -> None:
    sim = app(2)
    sim.images.push("app", "app-v1")
    before = ids(sim, "app")
    assert sim.update("app", force=True) == "updated"
    assert not before & ids(sim, "app")
    finished(sim, "app", 2)


def test_new_code_alone_gives_php_fpm_new_replicas_that_mount_it() -> None:
    sim = code()
    assert sim.update("applications", "applications1", "php-fpm") == "updated"
    sources = {sim.engine.of(name)[0].id for name in ("applications", "applications1")}
    assert all(set(box.sources) == sources for box in sim.engine.of("php-fpm"))


def test_a_service_with_a_container_name_is_refused_and_nothing_is_touched() -> None:
    sim = named()
    before = ids(sim, "app")
    assert sim.update("app") == "Refused"
    assert ids(sim, "app") == before


def test_a_service_with_a_container_name_is_replaced_in_place_where_a_gap_is_accepted() -> None:
    sim = named(order="stop-first")
    assert sim.update("app") == "updated"
    assert [b.name for b in sim.engine.of("app")] == ["the-app"]
    assert "GAP" in sim.planned


@pytest.mark.parametrize("order", ["start-first", "stop-first"])
def test_a_service_with_a_fixed_port_is_never_run_twice(order: str) -> None:
    sim = Sim({"app": {"ports": [{"published": "80", "target": 80}], **ours(order=order)}})
    sim.engine.published.add("app")
    sim.run("app")
    sim.images.push("app", "app-v2")
    assert sim.update("app") == ("Refused" if order == "start-first" else "updated")
    assert len([b for b in sim.engine.of("app") if b.running]) == 1


def test_what_compose_would_break_is_refused_before_anything_is_touched() -> None:
    sim = app(2)
    sim.engine.obstacles = ("Network shop_default Recreate",)
    before = ids(sim, "app")
    assert sim.update("app") == "Refused"
    untouched(sim, "app", before)


def test_new_code_leaves_no_volume_of_the_old_behind() -> None:
    sim = code()
    assert sim.update("applications", "applications1", "php-fpm") == "updated"
    assert sim.engine.volumes == {box.id for box in sim.engine.boxes.values()}


@pytest.mark.parametrize("gateways", [1, 2])
def test_an_upstream_that_goes_by_a_name_is_pinned_before_anything_starts(gateways: int) -> None:
    sim = app(2, gateways=gateways)
    sim.tell("app", ["app:9000"])
    assert sim.update("app") == "updated"
    assert "pin upstream app" in sim.planned
    finished(sim, "app", 2)


def test_what_will_hurt_but_forbids_nothing_is_told_before_the_rollout() -> None:
    sim = app(2)
    sim.update("app")
    warned = [event.text for event in sim.events if isinstance(event, Warned)]
    assert any("2 replicas of app run, but the file does not say how many" in w for w in warned)


def test_a_server_whose_volumes_others_mount_keeps_what_it_wrote() -> None:
    sim = Sim({"db": {}, "backup": {"volumes_from": ["db"]}})
    for name in ("db", "backup"):
        sim.run(name)
    volumes = set(sim.engine.volumes)
    sim.images.push("db", "db-v2")
    assert sim.update("db", "backup") == "Refused"
    assert sim.engine.volumes == volumes


def test_a_migration_that_is_named_is_run_again_and_may_end() -> None:
    sim = Sim({"app": {}, "migrate": {}})
    sim.run("app")
    sim.wire("app")
    sim.run("migrate", 1, EXITING)
    (first,) = ids(sim, "migrate")
    sim.images.push("app", "app-v2")
    assert sim.update("app", "migrate") == "updated", sim.failure
    assert first not in ids(sim, "migrate")
    finished(sim, "app", 1)


def test_a_migration_is_run_for_the_first_time_too() -> None:
    sim = Sim({"migrate": {}})
    sim.images.push("migrate", "migrate-v1", EXITING)
    assert sim.update("migrate") == "updated", sim.failure
    (box,) = sim.engine.of("migrate")
    assert box.exit_code == 0


def test_an_application_that_ends_at_once_is_not_taken_for_a_migration() -> None:
    sim = worker(1)
    sim.images.push("app", "app-ends", EXITING)
    assert sim.update("app") == "RolledBack"
    assert sim.engine.of("app")[0].running


def test_an_image_that_is_not_here_and_not_pulled_is_refused_by_its_name() -> None:
    sim = app(1)
    del sim.images.here["registry/app:1"]
    assert sim.do(Run(("app",), Verb.FORCE, pull=Pull.NEVER)) == "Refused"
    assert "registry/app:1 of app" in str(sim.failure)
    assert sim.engine.of("app")[0].running


@pytest.mark.parametrize("after", ["end: apply", "end: verify"])
@pytest.mark.parametrize(
    ("make", "serves"),
    [(app, "traffic is on the new replicas"), (worker, "the new containers run")],
)
def test_who_ends_past_the_line_speaks_of_traffic_only_where_there_is_any(
    make: Callable[[], Sim], serves: str, after: str
) -> None:
    sim = make()
    assert sim.update("app", fault=Fault(moment(make(), after), Kind.INTERRUPT)) == "Unfinished"
    assert isinstance(sim.failure, Unfinished)
    assert sim.failure.serving == serves
