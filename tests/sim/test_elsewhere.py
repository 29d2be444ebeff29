"""What hurts users of other tools, where a whole rollout has to show that it does not hurt here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sim.containers import Box
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids, untouched
from tests.sim.images import SICK
from tests.sim.runs import Run, Verb
from tests.sim.stacks import app
from tests.sim.world import Sim

SCALE_UP = Run(("app",), Verb.SCALE, count=4)
SLOW, QUICK = 25.0, 0.5
"""Seconds of the longest request that an nginx worker still has."""

LOOKS = 2.0
"""Seconds in which the end of a drain is noticed, at the latest."""


LOCK = "lock composeroll-lock.shop.app"


def at_every_moment(sim: Sim, look: Callable[[], None]) -> None:
    """Look before each call of a run."""
    turn = sim.faults.turn

    def look_and_go_on() -> None:
        look()
        turn()

    sim.faults.turn = look_and_go_on


class Leave:
    """When replicas left the upstream, and when the first of them stopped; virtual seconds.

    A reload ends no request that is under way: between the two lies what was still answered.
    """

    def __init__(self, sim: Sim, chosen: Callable[[Box], bool]) -> None:
        self.sim, self.chosen = sim, chosen
        self.boxes: set[Box] = set()
        self.named = self.ran = 0.0
        at_every_moment(sim, self._look)

    @property
    def seconds(self) -> float:
        """From the last moment in the upstream to the last one with all of them running."""
        return self.ran - self.named

    def _look(self) -> None:
        self.boxes |= {b for b in self.sim.engine.of("app") if b.running and self.chosen(b)}
        now, current = self.sim.clock.now(), self.sim.gateways.all["gateway-1"].current
        self.named = now if self.boxes & {*current.servers["app"].values()} else self.named
        self.ran = now if all(box.running for box in self.boxes) else self.ran


def moment(begins: str) -> int:
    """The number of the first moment with such a name in an update that goes well."""
    sim = app(2)
    sim.update("app")
    return next(n for n, what in enumerate(sim.faults.trace, 1) if what.startswith(begins))


@pytest.mark.parametrize("longest", [QUICK, SLOW])
def test_swarm_moby_30321_37972_old_replicas_stop_when_their_last_request_has_ended(
    longest: float,
) -> None:
    sim = app(2)
    sim.gateways.all["gateway-1"].longest = longest
    leave = Leave(sim, lambda box: box.born == 0)
    assert sim.update("app") == "updated"
    assert longest <= leave.seconds < longest + LOOKS


@pytest.mark.parametrize("longest", [QUICK, SLOW])
def test_argo_4390_4534_taken_back_replicas_stop_when_their_last_request_has_ended(
    longest: float,
) -> None:
    drain = moment("begin: drain")
    sim = app(2)
    before = ids(sim, "app")
    sim.gateways.all["gateway-1"].longest = longest
    leave = Leave(sim, lambda box: box.born > 0)
    assert sim.update("app", fault=Fault(drain, Kind.INTERRUPT)) == "Interrupted"
    assert longest <= leave.seconds < longest + LOOKS
    untouched(sim, "app", before)


@pytest.mark.parametrize(("batch", "most"), [(1, 4), (2, 5), ("all", 6)])
def test_docker_rollout_66_no_more_than_a_batch_runs_beside_the_old_replicas(
    batch: object, most: int
) -> None:
    sim, counts = app(3, batch=batch), set[int]()
    at_every_moment(sim, lambda: counts.add(len(sim.engine.of("app"))))
    assert sim.update("app") == "updated"
    assert max(counts) == most
    finished(sim, "app", 3)


def test_kamal_656_1517_1930_the_lock_is_held_from_the_first_change_to_the_last() -> None:
    sim, held = app(2), list[bool]()
    at_every_moment(sim, lambda: held.append(bool(sim.locks.all)))
    assert sim.update("app") == "updated"
    changes = [sim.faults.trace[number - 1] for number in sim.faults.changes]
    assert changes[0] == LOCK
    assert changes[-1] == "lock: release it"
    assert all(held[sim.faults.trace.index(LOCK) + 1 :])
    assert not sim.locks.all


def test_kamal_656_1517_1930_ctrl_c_leaves_a_lock_only_where_something_is_left_to_finish() -> None:
    whole = app(2)
    whole.update("app")
    ends = set()
    locked = whole.faults.trace.index(LOCK) + 1
    for number in range(locked + 1, len(whole.faults.trace)):
        sim = app(2)
        end = sim.update("app", fault=Fault(number, Kind.INTERRUPT, after=True))
        ends.add(end)
        assert bool(sim.locks.all) == (end == "Unfinished"), (number, end)
    assert ends >= {"Interrupted", "Unfinished"}


@pytest.mark.parametrize("after", [False, True])
def test_compose_3982_a_scale_that_breaks_off_creating_leaves_no_container(after: bool) -> None:  # noqa: FBT001 - a parameter of pytest's
    for number in range(1, 3):
        sim = current()
        before = ids(sim, "app")
        creating = nth(SCALE_UP, "create one of app", number)
        failing = Run(("app",), Verb.SCALE, 4, faults=[Fault(creating, Kind.FAIL, after)])
        assert sim.do(failing) == "RolledBack"
        untouched(sim, "app", before)


def test_compose_3982_a_scale_to_replicas_that_cannot_start_leaves_no_container() -> None:
    sim = current()
    before = ids(sim, "app")
    sim.engine.published.add("app")
    assert sim.do(SCALE_UP) == "RolledBack"
    assert "port is already allocated" in str(sim.failure)
    untouched(sim, "app", before)


def current() -> Sim:
    """Two replicas of the newest image."""
    sim = app(2)
    sim.images.push("app", "app-v1")
    return sim


def nth(run: Run, begins: str, number: int) -> int:
    """The place of the nth moment with such a name in a run that goes well."""
    sim = current()
    sim.do(run)
    return [n for n, what in enumerate(sim.faults.trace, 1) if what.startswith(begins)][number - 1]


@pytest.mark.parametrize("taken", [True, False])
def test_a_reference_that_several_services_share_stays_where_one_was_brought_to_it_meanwhile(
    *, taken: bool
) -> None:
    shared = {"image": "registry/shared:1"}
    sim = Sim({"app": shared, "worker": shared})
    sim.run("worker")
    sim.run("app")
    sim.images.push("app", "app-sick", SICK["never ready"])

    def recreate() -> None:
        sim.engine.make("worker")

    if taken:
        sim.clock.at(0.5, recreate)
    assert sim.update("app") == "RolledBack"
    assert sim.images.here["registry/shared:1"] == f"sha256:app-{'sick' if taken else 'v1'}"
