"""scale, sync and rollback: broken at any moment, run again, right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from msgspec import structs

from composeroll.config.project import Service
from composeroll.model import ContainerState
from composeroll.report.events import Noted, Warned
from composeroll.rollout.history.revision import Revision, parse_revisions
from tests.sim import stacks
from tests.sim.effort import EVERY
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids
from tests.sim.images import SICK, Behaviour
from tests.sim.moments import moment
from tests.sim.runs import Run, Verb
from tests.sim.stacks import app, code, ours, worker
from tests.sim.world import Sim

SCALE_UP = Run(("app",), Verb.SCALE, count=4)
SCALE_DOWN = Run(("app",), Verb.SCALE, count=1)
SYNC = Run(("app",), Verb.SYNC)
ROLLBACK = Run(("app",), Verb.ROLLBACK)
DONE = ("updated", "up to date")


def current() -> Sim:
    """Two replicas of the newest image."""
    sim = app(2)
    sim.images.push("app", "app-v1")
    return sim


def updated() -> Sim:
    """Two replicas of a second version."""
    sim = app(2)
    assert sim.update("app") == "updated"
    return sim


def with_image(sim: Sim, service: str, reference: str) -> None:
    """The file names another image."""
    services = cast("dict[str, Service]", sim.project.services)
    services[service] = structs.replace(services[service], image=reference)


def misled() -> Sim:
    """An upstream that names an address of the past beside a right one."""
    sim = current()
    first = sim.engine.of("app")[0]
    sim.tell("app", [f"{first.ip}:9000", "10.0.0.99:9000"])
    return sim


def broken(make: Callable[[], Sim], run: Run, kind: Kind) -> Iterator[Sim]:
    """A world for every moment at which the run can be stopped, after it was."""
    whole = make()
    whole.do(run)
    assert whole.faults.trace
    for number in range(1, len(whole.faults.trace) + 1, EVERY):
        sim = make()
        sim.do(Run(run.services, run.verb, run.count, faults=[Fault(number, kind, after=True)]))
        yield sim


@pytest.mark.parametrize(
    ("replicas", "says"),
    [
        (1, "1 replica of app is outdated and stays outdated"),
        (2, "2 replicas of app are outdated and stay outdated"),
    ],
)
def test_a_scale_says_what_stays_outdated(replicas: int, says: str) -> None:
    sim = app(replicas)
    sim.images.fetch("app")
    assert sim.do(SCALE_UP) == "updated"
    assert any(isinstance(e, Warned) and e.text.startswith(says) for e in sim.events)


@pytest.mark.parametrize("kind", [Kind.KILL, Kind.FAIL, Kind.INTERRUPT])
@pytest.mark.parametrize("run", [SCALE_UP, SCALE_DOWN])
def test_scale_stopped_anywhere_reaches_its_count_when_run_again(run: Run, kind: Kind) -> None:
    for sim in broken(current, run, kind):
        assert sim.do(run) in DONE, sim.failure
        assert len(sim.engine.of("app")) == run.count
        sim.images.push("app", "app-v1")
        in_upstream(sim)
        assert not sim.locks.all


@pytest.mark.parametrize("hooks", [{}, {"post_start": [{"command": ["warm"]}]}])
def test_what_stops_first_and_is_scaled_down_is_drained_like_any_other(
    hooks: dict[str, Any],
) -> None:
    """Nothing new takes its place, so that there is nothing to stop first for."""
    sim = app(3)
    sim.write({"app": hooks | ours(order="stop-first"), "other": {}})
    sim.images.push("app", "app-v1")
    sim.judge.gaps = frozenset()
    sim.gateways.all["gateway-1"].longest = 5.0
    assert sim.do(SCALE_DOWN) == "updated", sim.failure
    in_upstream(sim)


def test_nothing_new_of_what_stops_first_gets_requests_by_the_name_when_it_is_scaled_up() -> None:
    """Nobody stops for it, so that there is no gap in which it would be the only one."""
    sim = app(2, order="stop-first")
    sim.images.push("app", "app-v1")
    sim.tell("app", ["app:9000"])
    sim.judge.gaps = frozenset()
    assert sim.do(SCALE_UP) == "updated", sim.failure
    in_upstream(sim)


@pytest.mark.parametrize("order", ["start-first", "stop-first"])
def test_what_a_killed_scale_has_made_goes_where_it_does_not_prove_ready(order: str) -> None:
    def make() -> Sim:
        sim = app(2, order=order)
        sim.images.push("app", "app-sick", SICK["never ready"])
        sim.images.fetch("app")
        return sim

    probe, sim = make(), make()
    probe.do(SCALE_UP)
    awaits = next(n for n, t in enumerate(probe.faults.trace, 1) if t.startswith("begin: await"))
    before = ids(sim, "app")
    assert sim.do(replace(SCALE_UP, faults=[Fault(awaits, Kind.KILL)])) == "Killed"
    assert sim.do(SCALE_UP) == "RolledBack"
    assert ids(sim, "app") == before


def test_sync_takes_a_strangers_address_out_and_names_what_is_ready() -> None:
    sim = current()
    stranger = sim.engine.of("other")[0]
    sim.tell("app", [f"{stranger.ip}:9000"])
    assert sim.do(SYNC) in DONE
    finished(sim, "app", 2)


@pytest.mark.parametrize("kind", [Kind.KILL, Kind.FAIL, Kind.INTERRUPT])
def test_sync_stopped_anywhere_is_right_when_run_again(kind: Kind) -> None:
    for sim in broken(misled, SYNC, kind):
        assert sim.do(SYNC) in DONE, sim.failure
        finished(sim, "app", 2)
        assert not sim.locks.all


def written(sim: Sim, service: str) -> tuple[Revision, ...]:
    """A service's history."""
    return parse_revisions(sim.ledger.texts.get((sim.project.name, service), ""))


def test_what_a_scale_leaves_is_written_down_and_not_what_the_tag_names_by_now() -> None:
    """A rollback would take that for the version of now, and have nothing to do."""
    sim = app(2)
    sim.images.fetch("app")
    assert sim.do(SCALE_DOWN) == "updated"
    assert [r.image for r in written(sim, "app")][-1] == "sha256:app-v1"


def test_a_service_that_is_left_alone_has_no_line_in_the_history() -> None:
    sim = app(2)
    assert sim.update("app", "other") == "updated"
    assert [r.result for r in written(sim, "other")] == ["found"]


@pytest.mark.parametrize("kind", [Kind.FAIL, Kind.INTERRUPT])
def test_sync_stopped_anywhere_goes_on_with_what_was_named_and_never_with_what_is_not_ready(
    kind: Kind,
) -> None:
    for sim in broken(beside_an_unready_one, SYNC, kind):
        first, _, unready = sim.engine.of("app")
        servers = set(sim.gateways.all["gateway-1"].current.servers["app"].values())
        assert first in servers, sim.faults.trace
        assert unready not in servers, sim.faults.trace


def beside_an_unready_one() -> Sim:
    """Nginx names one replica of two that are ready; a third never is."""
    sim = app(3)
    sim.images.push("app", "app-sick", Behaviour(ready_after=None))
    sim.engine.of("app")[2].image = "sha256:app-sick"
    sim.tell("app", [f"{sim.engine.of('app')[0].ip}:9000"])
    return sim


@pytest.mark.parametrize("kind", [Kind.KILL, Kind.FAIL, Kind.INTERRUPT])
def test_rollback_stopped_anywhere_still_means_the_same_version_when_run_again(kind: Kind) -> None:
    for sim in broken(updated, ROLLBACK, kind):
        back_before = {box.image for box in sim.engine.of("app")} == {"sha256:app-v1"}
        if not back_before or sim.locks.all:
            assert sim.do(ROLLBACK) in DONE, sim.failure
        assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v1"}
        assert len(sim.engine.of("app")) == 2
        assert sim.images.here["registry/app:1"] == "sha256:app-v1"
        in_upstream(sim)


def test_after_a_rollback_a_plain_update_leaves_the_bad_version_where_it_is() -> None:
    sim = updated()
    assert sim.do(ROLLBACK) == "updated"
    assert sim.update("app") == "up to date"
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated"
    finished(sim, "app", 2)


def test_after_a_rollback_no_service_of_the_same_image_brings_the_bad_version_back() -> None:
    sim = Sim({"web": {"image": "registry/one:1"}, "worker": {"image": "registry/one:1"}})
    sim.run("web")
    sim.run("worker")
    sim.wire("web")
    sim.images.push("web", "web-v2")
    assert sim.update("web", "worker") == "updated", sim.failure
    assert sim.do(Run(("web",), Verb.ROLLBACK)) == "updated", sim.failure
    assert any(isinstance(e, Noted) and e.text.startswith("worker has the") for e in sim.events)
    back = {box.image for box in sim.engine.of("web")}
    assert sim.update("web", "worker") == "updated", sim.failure
    assert {box.image for box in sim.engine.of("web")} == back != {"sha256:web-v2"}


def test_a_rollback_past_a_change_of_the_tag_brings_the_version_back_under_the_tag_of_now() -> None:
    sim = updated()
    with_image(sim, "app", "registry/app:2")
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated"
    assert sim.do(ROLLBACK) == "updated"
    assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v2"}
    assert sim.images.here["registry/app:2"] == "sha256:app-v2"
    assert told_of_the_name(sim) == (
        "registry/app:2 names app-v2 on this engine from now on, no longer app-v3;"
        " `docker tag composeroll-kept/shop:app.held-back registry/app:2` restores it"
    )
    assert sim.update("app") == "up to date"
    in_upstream(sim)


def told_of_the_name(sim: Sim) -> str:
    """What was said of the tag that a rollback moved, empty where nothing was."""
    said = [e.text for e in sim.events if isinstance(e, Noted) and "from now on" in e.text]
    return "".join(said)


def test_a_tag_that_its_registry_moves_anyway_is_not_told_of() -> None:
    sim = updated()
    assert sim.do(ROLLBACK) == "updated"
    assert not told_of_the_name(sim)


def test_a_name_that_nobody_pulls_means_the_older_image_until_somebody_tags_it_again() -> None:
    """`update --force` brought the older one once more: no registry has the other."""
    sim = updated()
    services = cast("dict[str, Service]", sim.project.services)
    services["app"] = structs.replace(services["app"], pull_policy="never")
    assert sim.do(ROLLBACK) == "updated"
    assert "no longer app-v2; `docker tag composeroll-kept/shop:app.held" in told_of_the_name(sim)


def test_no_tag_can_bring_a_version_back_where_the_file_names_a_digest() -> None:
    sim = updated()
    with_image(sim, "app", "registry/app@sha256:1234")
    ran = {box.id for box in sim.engine.of("app")}
    assert sim.do(ROLLBACK) == "Refused"
    assert {box.id for box in sim.engine.of("app")} == ran


def test_a_rollback_leaves_what_runs_though_the_update_to_it_was_killed_before_its_end() -> None:
    whole = updated()
    whole.images.push("app", "app-v3")
    whole.update("app")
    tried = 0
    for number in range(1, len(whole.faults.trace) + 1, EVERY):
        sim = updated()
        sim.images.push("app", "app-v3")
        sim.update("app", fault=Fault(number, Kind.KILL, after=True))
        if {box.image for box in sim.engine.of("app")} == {"sha256:app-v3"}:
            tried += 1
            assert sim.do(ROLLBACK) in DONE, sim.failure
            assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v2"}, number
    assert tried


def test_a_rollback_does_not_lead_to_what_a_killed_rollout_started_and_nginx_never_knew() -> None:
    sim, switch = app(2), moment(app(2), "begin: point")
    assert sim.update("app", fault=Fault(switch, Kind.KILL)) == "Killed"
    assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v1", "sha256:app-v2"}
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated", sim.failure
    assert sim.do(ROLLBACK) == "updated", sim.failure
    assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v1"}


def test_a_rollback_that_fails_still_holds_back_what_was_held_back_before() -> None:
    whole = updated()
    assert whole.do(ROLLBACK) == "updated"
    whole.do(replace(ROLLBACK, to=2))
    ends = set()
    for number in range(1, len(whole.faults.trace), EVERY):
        sim = updated()
        assert sim.do(ROLLBACK) == "updated"
        end = sim.do(replace(ROLLBACK, to=2, faults=[Fault(number, Kind.FAIL)]))
        ends.add(end)
        if end in ("RolledBack", "EngineError"):
            assert sim.update("app") == "up to date", number
    assert {"RolledBack", "EngineError"} <= ends


def test_what_was_rolled_back_and_is_insisted_on_is_held_back_no_longer_once_it_serves() -> None:
    sim = updated()
    assert sim.do(ROLLBACK) == "updated"
    assert sim.update("app", force=True) == "updated"
    assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v2"}
    assert sim.update("app") == "up to date"
    assert not any(isinstance(event, Noted) for event in sim.events)


def test_what_was_rolled_back_stays_away_where_the_rollout_that_insisted_on_it_has_failed() -> None:
    whole = updated()
    whole.do(ROLLBACK)
    whole.update("app", force=True)
    ends = set()
    for number in range(1, len(whole.faults.trace), EVERY):
        sim = updated()
        sim.do(ROLLBACK)
        end = sim.update("app", force=True, fault=Fault(number, Kind.FAIL))
        ends.add(end)
        if end == "RolledBack":
            assert sim.update("app") == "up to date", number
            assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v1"}
    assert "RolledBack" in ends


def test_a_lock_that_stayed_behind_knows_nothing_of_services_that_were_finished_since() -> None:
    sources = ("applications", "applications1")
    whole = code(replicas=1)
    whole.update(*sources, "php-fpm")
    scaled = 0
    for number in range(1, len(whole.faults.trace), EVERY):
        sim = code(replicas=1)
        sim.update(*sources, "php-fpm", fault=Fault(number, Kind.KILL))
        if sim.do(Run(("php-fpm",), Verb.SCALE, 3)) in DONE:
            scaled += 1
            assert sim.update(*sources, "php-fpm") in DONE, sim.failure
            assert len(sim.engine.of("php-fpm")) == 3, number
    assert scaled


@pytest.mark.parametrize("count", [1, 3])
def test_scale_after_a_killed_update_takes_its_own_count_and_finishes_the_update(
    count: int,
) -> None:
    for sim in broken(lambda: app(2), Run(("app",)), Kind.KILL):
        assert sim.do(Run(("app",), Verb.SCALE, count)) in DONE, sim.failure
        assert len(sim.engine.of("app")) == count
        in_upstream(sim)


def test_scale_after_a_killed_force_lets_go_of_what_was_on_its_way_out_first() -> None:
    for sim in broken(lambda: worker(2, batch=1), Run(("app",), Verb.FORCE), Kind.KILL):
        assert sim.do(Run(("app",), Verb.SCALE, 2)) in DONE, sim.failure
        assert len(sim.engine.of("app")) == 2


def test_update_counts_all_that_nginx_was_told_of_even_where_they_are_of_two_images() -> None:
    sim = app(1)
    sim.images.push("app", "app-sick", Behaviour(dies_after=0.6))
    sim.images.fetch("app")
    assert sim.do(Run(("app",), Verb.SCALE, 3)) == "updated"
    sim.let_pass(1.0)
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated"
    finished(sim, "app", 3)


def test_update_counts_what_the_last_scale_left_even_where_it_is_of_two_images() -> None:
    sim = worker(1)
    sim.images.fetch("app")
    assert sim.do(Run(("app",), Verb.SCALE, 3)) == "updated"
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated"
    finished(sim, "app", 3)


def test_update_after_a_broken_scale_has_as_many_as_the_file_says() -> None:
    for sim in broken(lambda: app(3, declared=True), SCALE_DOWN, Kind.KILL):
        assert sim.update("app") in DONE
        assert len(sim.engine.of("app")) == 3


def in_upstream(sim: Sim) -> None:
    """Every gateway names exactly what runs."""
    addresses = {f"{box.ip}:9000" for box in sim.engine.of("app")}
    for gateway in sim.gateways.all.values():
        assert set(gateway.current.servers["app"]) == addresses


@pytest.mark.parametrize("run", [Run(("app",)), Run(("app",), Verb.FORCE), SCALE_UP, ROLLBACK])
def test_a_service_whose_gateway_went_down_is_left_as_it_is_until_the_gateway_is_back(
    run: Run,
) -> None:
    sim = updated()
    sim.images.push("app", "app-v3")
    down = dict(sim.gateways.all)
    sim.gateways.all.clear()
    before = set(sim.engine.boxes)
    assert sim.do(run) == "Refused"
    assert "no running nginx knows it now" in str(sim.failure)
    assert set(sim.engine.boxes) == before
    sim.gateways.all.update(down)
    assert sim.do(run) == "updated"


def test_a_worker_is_scaled_to_none_and_nothing_is_awaited() -> None:
    sim = worker(2)
    assert sim.do(Run(("app",), Verb.SCALE, 0)) == "updated", sim.failure
    assert not sim.engine.of("app")
    assert "await" not in sim.planned


@pytest.mark.parametrize(("make", "service"), [(app, "app"), (stacks.gateway, "nginx")])
def test_what_requests_go_through_is_not_scaled_to_none(
    make: Callable[[], Sim], service: str
) -> None:
    sim = make()
    before = ids(sim, service)
    assert sim.do(Run((service,), Verb.SCALE, 0)) == "UsageError"
    assert ids(sim, service) == before


def test_two_rollbacks_in_a_row_keep_both_versions_away() -> None:
    sim = rolled_back()
    assert sim.do(replace(ROLLBACK, to=1)) == "updated"
    assert sim.update("app") == "up to date", sim.planned
    sim.images.push("app", "app-v4")
    assert sim.update("app") == "updated"
    assert not [tag for tag in sim.images.here if "held-back" in tag]


def rolled_back() -> Sim:
    """From the third version to the second."""
    sim = updated()
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated"
    assert sim.do(ROLLBACK) == "updated"
    return sim


def test_a_second_rollback_that_fails_leaves_the_first_ones_version_away() -> None:
    further, whole, sim = replace(ROLLBACK, to=1), rolled_back(), rolled_back()
    assert whole.do(further) == "updated"
    creates = next(n for n, what in enumerate(whole.faults.trace, 1) if what.startswith("compose"))
    before = {tag: image for tag, image in sim.images.here.items() if "held-back" in tag}
    assert sim.do(replace(further, faults=[Fault(creates, Kind.FAIL)])) == "RolledBack"
    after = {tag: image for tag, image in sim.images.here.items() if "held-back" in tag}
    assert before == after != {}
    untagged = [what for what in sim.faults.trace if what.startswith("untag") and "held" in what]
    assert len(untagged) == 1, "with its only tag the engine takes an image away"
    assert sim.update("app") == "up to date", sim.planned


def test_what_crashes_in_a_loop_is_no_version_to_go_back_to() -> None:
    sim = worker(1)
    assert sim.update("app") == "updated"
    sim.images.push("app", "app-sick", Behaviour(dies_after=0.0))
    sim.images.fetch("app")
    (box,) = sim.engine.of("app")
    box.image, box.state, box.ip = sim.images.newest("app"), ContainerState.RESTARTING, ""
    sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated", sim.failure
    assert sim.do(ROLLBACK) == "updated", sim.failure
    assert {b.image for b in sim.engine.of("app")} == {"sha256:app-v2"}
