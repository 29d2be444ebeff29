"""Killed, interrupted or failing at every single change: the same command finishes the job."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from composeroll.report.events import Warned
from tests.sim.effort import EVERY, WHOLE
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids, untouched
from tests.sim.images import SICK, Behaviour
from tests.sim.moments import moment
from tests.sim.stacks import EXITING, IN_PLACE, STACKS, app, gateway, with_services
from tests.sim.world import Sim


def every_fault(stack: str, kind: Kind) -> Iterator[Fault]:
    """A fault before and after each change of a rollout that goes well, and in each wait."""
    sim = STACKS[stack]()
    sim.update(*with_services(sim))
    asked = set(sim.faults.process.asked)
    if kind in (Kind.FAIL, Kind.HANG):
        faults = [Fault(n, kind, after) for n in sim.faults.changes for after in (False, True)]
    else:
        moments = (n for n, _ in enumerate(sim.faults.trace, start=1) if n not in asked)
        faults = [Fault(1, kind), *(Fault(n, kind, after=True) for n in moments)]
    yield from faults[::EVERY]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("stack", STACKS)
def test_docker_rollout_25_a_rollout_stopped_at_any_change_is_finished_by_running_again(
    stack: str, kind: Kind
) -> None:
    for fault in every_fault(stack, kind):
        sim = STACKS[stack]()
        counts = {name: len(sim.engine.of(name)) for name in with_services(sim)}
        first = sim.update(*counts, fault=fault)
        story = f"{fault} at {sim.faults.trace[-1:]}: {first}, {sim.failure}"
        again = sim.update(*counts)
        assert again in ("updated", "up to date"), (story, sim.failure)
        for name, replicas in counts.items():
            finished(sim, name, replicas)


def test_what_a_broken_rollout_left_beside_the_old_replica_is_not_taken_for_a_count() -> None:
    sim = app(1)
    begins = moment(app(1), "begin: await")
    assert sim.update("app", fault=Fault(begins, Kind.KILL)) == "Killed"
    assert len(sim.engine.of("app")) == 2
    assert sim.update("app") == "updated"
    assert not [e for e in sim.events if isinstance(e, Warned)]
    finished(sim, "app", 1)


@pytest.mark.parametrize("kind", [Kind.FAIL, Kind.INTERRUPT])
@pytest.mark.parametrize("stack", [s for s in STACKS if "batch" not in s])
def test_a_rollout_that_ends_before_the_line_leaves_the_old_replicas_serving(
    stack: str, kind: Kind
) -> None:
    ends = set()
    for fault in every_fault(stack, kind):
        sim = STACKS[stack]()
        before = {name: ids(sim, name) for name in with_services(sim)}
        end = sim.update(*before, fault=fault)
        ends.add(end)
        for name, replicas in before.items() if end not in ("Unfinished", "updated") else ():
            taken_back(sim, name, replicas)
    past_the_line = set() if stack == IN_PLACE else {"Unfinished"}
    assert ends >= {"RolledBack" if kind is Kind.FAIL else "Interrupted", *past_the_line}


def taken_back(sim: Sim, name: str, before: frozenset[str]) -> None:
    """The very containers serve on; one that was replaced in place has its old image again."""
    alone = sim.project.services[name].has_container_name
    if alone or sim.project.sharing_volumes_of(name):
        assert {b.image for b in sim.engine.of(name)} == {f"sha256:{name}-v1"}
        assert len(sim.engine.of(name)) == len(before)
    else:
        untouched(sim, name, before)


@pytest.mark.parametrize("stack", ["two replicas", "two gateways", "worker", "two services"])
def test_a_rollout_killed_and_then_given_a_newer_image_ends_on_the_newest(stack: str) -> None:
    for fault in every_fault(stack, Kind.KILL):
        sim = STACKS[stack]()
        counts = {name: len(sim.engine.of(name)) for name in with_services(sim)}
        sim.update(*counts, fault=fault)
        for name in counts:
            sim.images.push(name, f"{name}-v3")
        assert sim.update(*counts) in ("updated", "up to date"), (fault, sim.failure)
        for name in counts:
            assert {b.image for b in sim.engine.of(name)} == {f"sha256:{name}-v3"}


@pytest.mark.parametrize("stack", ["two replicas", "two gateways", "code and php-fpm"])
def test_a_rollout_killed_twice_is_finished_by_the_third_run(stack: str) -> None:
    for number, fault in enumerate(every_fault(stack, Kind.KILL)):
        sim = STACKS[stack]()
        counts = {name: len(sim.engine.of(name)) for name in with_services(sim)}
        sim.update(*counts, fault=fault)
        sim.update(*counts, fault=Fault(1 + number * 7 % 23, Kind.KILL, after=True))
        assert sim.update(*counts) in ("updated", "up to date"), (fault, sim.failure)
        for name, replicas in counts.items():
            finished(sim, name, replicas)


def test_what_is_new_stays_once_something_old_has_been_stopped_for_it() -> None:
    """The judge counts what is at work, whatever fails in the second run."""
    for first in every_fault("worker, batch 1 of 3", Kind.FAIL):
        for second in range(30, 60, 3 * EVERY):
            sim = STACKS["worker, batch 1 of 3"]()
            sim.update("app", force=True, fault=first)
            sim.update("app", fault=Fault(second, Kind.FAIL))
            assert sim.update("app") in ("updated", "up to date"), (first, second, sim.failure)
            finished(sim, "app", 3)


def test_a_broken_image_after_a_kill_is_refused_and_a_sound_one_then_taken() -> None:
    for fault in every_fault("two replicas", Kind.KILL):
        sim = STACKS["two replicas"]()
        sim.images.push("app", "app-broken", Behaviour(ready_after=None))
        sim.update("app", fault=fault)
        old = [b for b in sim.engine.of("app") if b.image == "sha256:app-v1"]
        assert sim.update("app") == "RolledBack"
        untouched(sim, "app", frozenset(b.id for b in old))
        sim.images.push("app", "app-mended")
        assert sim.update("app") == "updated"
        finished(sim, "app", 2)


def test_of_two_services_whose_rollout_was_cut_off_one_alone_is_taken_back_whole() -> None:
    for fault in every_fault("two services", Kind.KILL):
        sim = STACKS["two services"]()
        before = ids(sim, "app")
        sim.images.push("app", "app-sick", SICK["never ready"])
        sim.update("app", "api", fault=fault)
        assert sim.update("app") == "RolledBack", fault
        assert "everything was undone" in str(getattr(sim.failure, "serving", "")), fault
        untouched(sim, "app", before)
        sim.images.push("app", "app-mended")
        assert sim.update("app", "api") == "updated", fault
        for name in ("app", "api"):
            finished(sim, name, 2)


def by_name() -> Sim:
    """A service whose upstream goes by its name, as after a start of nginx."""
    sim = app(2, gateways=2)
    sim.tell("app", ["app:9000"])
    return sim


def test_new_replicas_start_only_once_no_nginx_goes_by_their_name_whoever_was_killed_before() -> (
    None
):
    """Killed between write and reload: the files name addresses, and nginx goes by the name."""
    whole = by_name()
    whole.update("app")
    for number in range(1, len(whole.faults.trace), EVERY):
        sim = by_name()
        sim.update("app", fault=Fault(number, Kind.KILL))
        assert sim.update("app") in ("updated", "up to date"), (number, sim.failure)
        finished(sim, "app", 2)


@pytest.mark.parametrize("gateways", [1, 2])
def test_an_upstream_that_was_written_but_not_reloaded_is_not_taken_for_right(
    gateways: int,
) -> None:
    """The files are right then, and nginx runs on what they said before."""
    for change in range(1, 12):
        sim = Sim({"app": {}}, gateways=gateways)
        sim.run("app", 1)
        sim.wire("app")
        sim.run("app", 1)
        sim.update("app", fault=Fault(change, Kind.KILL, after=True))
        sim.update("app")
        servers = [gateway.current.servers["app"] for gateway in sim.gateways.all.values()]
        assert all(len(addresses) == 2 for addresses in servers), change


def test_the_only_nginx_that_takes_requests_is_never_told_to_quit() -> None:
    """The old one has quit, and holds its last requests: whoever goes on and fails leaves both."""
    ends = moment(gateway(), "begin: await the end", "nginx")

    def going_on() -> Sim:
        sim = gateway()
        for nginx in sim.gateways.all.values():
            nginx.longest = None
        assert sim.update("nginx", fault=Fault(ends + 1, Kind.FAIL)) == "Unfinished"
        return sim

    quits = moment(going_on(), "begin: quit", "nginx")
    ended = set()
    for number in range(20, quits):
        ended.add(going_on().update("nginx", fault=Fault(number, Kind.FAIL)))
    assert "UndoFailed" in ended


def test_of_two_gateways_none_is_told_what_a_killed_rollout_wrote_of_one_that_died() -> None:
    """Neither had read it. The next rollout tells one of them better, and the other one fails."""
    begins = moment(app(1, gateways=2), "begin: point")
    for killed in range(begins + 2, begins + 8, 1 if WHOLE else 3):
        for number in range(30, 50):
            sim = app(1, gateways=2)
            sim.images.push("app", "app-sick", SICK["dead while the old ones drain"])
            sim.update("app", fault=Fault(killed, Kind.KILL))
            sim.update("app", fault=Fault(number, Kind.FAIL))


@pytest.mark.parametrize("kind", [Kind.FAIL, Kind.HANG])
@pytest.mark.parametrize("stack", ["two replicas", "two gateways", "code and php-fpm"])
def test_a_rollout_that_gets_no_answer_to_any_question_is_finished_by_running_again(
    stack: str, kind: Kind
) -> None:
    whole = STACKS[stack]()
    whole.update(*with_services(whole))
    for number in whole.faults.process.asked[::EVERY]:
        sim = STACKS[stack]()
        counts = {name: len(sim.engine.of(name)) for name in with_services(sim)}
        sim.update(*counts, fault=Fault(number, kind))
        assert sim.update(*counts) in ("updated", "up to date"), (number, sim.failure)
        for name, replicas in counts.items():
            finished(sim, name, replicas)


@pytest.mark.parametrize("kind", [Kind.FAIL, Kind.HANG])
def test_once_a_batch_is_through_no_end_says_that_nothing_was_touched(kind: Kind) -> None:
    whole, ends = app(3, batch=1), set[str]()
    whole.update("app")
    second = whole.faults.trace.index("end: verify") + 1
    for number in [n for n in whole.faults.process.asked if n > second][::EVERY]:
        sim = app(3, batch=1)
        ends.add(sim.update("app", fault=Fault(number, kind)))
    assert ends - {"updated"} == {"RolledBack", "Unfinished"}


def test_code_whose_replacement_was_taken_back_has_its_name_again() -> None:
    def unmoved() -> Sim:
        """Of the images that it has, so that only names tell."""
        sim = STACKS["code and php-fpm"]()
        for name in with_services(sim):
            sim.images.push(name, f"{name}-v1", EXITING)
        return sim

    whole, ends = unmoved(), set()
    whole.update("applications", force=True)
    for number in whole.faults.changes:
        sim = unmoved()
        end = sim.update("applications", force=True, fault=Fault(number, Kind.FAIL))
        names = [b.name for b in sim.engine.of("applications")]
        assert end != "RolledBack" or names == ["shop-applications-1"], number
        ends.add(end)
    assert "RolledBack" in ends
