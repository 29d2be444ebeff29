"""What a broken rollout left to do outlives whoever takes over from it, wherever that one dies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from composeroll.errors import ComposerollError
from composeroll.report.events import Noted
from composeroll.rollout.lock.note import LEASE, Intent, read_note
from tests.sim.clock import VirtualClock
from tests.sim.effort import EVERY
from tests.sim.faults import Fault, Faults, Killed, Kind
from tests.sim.locks import EngineLocks, locks_of_run
from tests.sim.process import Process

LEFT = Intent({"an old replica": "asked for by --force"}, {"app": 2})


class Room:
    """Runs that do nothing but hold a lock."""

    def __init__(self) -> None:
        self.faults = Faults(lambda: None)
        self.clock = VirtualClock(self.faults)
        self.engine = EngineLocks(self.clock, self.faults)
        self.servers: list[str] = []
        self.number = 0
        self.inherited: dict[int, Intent] = {}
        self.finished = False
        self.help = ""

    def process(self, *faults: Fault) -> Process:
        """A run to come."""
        self.number += 1
        return Process(self.number, faults={fault.number: fault for fault in faults})

    def hold(self, process: Process, patience: float = 0.0, adds: Intent | None = None) -> str:
        """Hold the lock of `app` and remember something; how that ended."""
        self.faults.plan(process)
        locks = locks_of_run(self.engine, "shop", self.faults, self.clock, self.hear)
        try:
            with locks.hold(["app"], patience) as left:
                self.inherited[process.number] = left
                locks.record_intent(adds or Intent())
                locks.ensure()
                self.finished = True
        except (ComposerollError, Killed) as failure:
            return type(failure).__name__
        else:
            return "done"

    def hold_nginx(self, process: Process) -> str:
        """Hold the gateway's lock, and that of `app` behind it; how that ended."""
        self.faults.plan(process)
        locks = locks_of_run(self.engine, "shop", self.faults, self.clock, self.hear)
        try:
            with locks.hold(["nginx"], 0.0, ["app"]):
                locks.record_intent(Intent({"an old nginx": "its image moved"}))
                locks.ensure()
        except (ComposerollError, Killed) as failure:
            self.help = getattr(failure, "help", None) or ""
            self.let_leases_end()
            return type(failure).__name__
        else:
            return "done"

    def let_leases_end(self) -> None:
        """Whoever held a lock is taken for dead."""
        self.clock.pass_until(self.clock.now() + LEASE + 1, lambda: False)

    def hear(self, event: object) -> None:
        """What a run says."""
        self.servers += [event.text] if isinstance(event, Noted) else []


def broken() -> Room:
    """Somebody remembered what to do, and was killed."""
    room = Room()
    assert room.hold(room.process(Fault(6, Kind.KILL)), adds=LEFT) == "Killed"
    assert [read_note(lock).intent for lock in room.engine.all.values()] == [LEFT]
    room.let_leases_end()
    return room


def goes_on_with_it(room: Room) -> None:
    """Unless it was done already, the next run still knows what to do; then nothing is left."""
    room.let_leases_end()
    done, last = room.finished, room.process()
    assert room.hold(last) == "done"
    assert done or room.inherited[last.number].outgoing == LEFT.outgoing
    assert not room.engine.all


@pytest.mark.parametrize(
    "fault", [Fault(n, Kind.KILL, a) for n in range(1, 15) for a in (False, True)]
)
def test_a_taker_killed_at_any_call_forgets_nothing(fault: Fault) -> None:
    room = broken()
    room.hold(room.process(fault))
    goes_on_with_it(room)


@pytest.mark.parametrize("kind", [Kind.KILL, Kind.FAIL, Kind.HANG])
@pytest.mark.parametrize("second", range(1, 15))
def test_a_second_taker_killed_after_the_first_forgets_nothing_either(
    second: int, kind: Kind
) -> None:
    for first in range(1, 13):
        room = broken()
        room.hold(room.process(Fault(first, kind, after=True)))
        room.let_leases_end()
        room.hold(room.process(Fault(second, Kind.KILL, after=True)))
        goes_on_with_it(room)


@pytest.mark.parametrize("patience", [0.0, 600.0])
def test_of_takers_at_once_one_goes_on_with_what_was_left(patience: float) -> None:
    for seed in range(0, 60, EVERY):
        room = broken()
        takers = [room.process() for _ in range(3)]
        ends: list[str] = []
        room.clock.turns.race(seed, [(p, partial(_hold, room, p, patience, ends)) for p in takers])
        assert set(ends) <= ({"done"} if patience else {"done", "Locked"})
        left = [room.inherited[p.number].outgoing for p in takers if p.number in room.inherited]
        assert left.count(LEFT.outgoing) == 1, seed
        assert not room.engine.all


def _hold(room: Room, process: Process, patience: float, ends: list[str]) -> None:
    ends.append(room.hold(process, patience))


def test_a_lock_that_somebody_removes_is_taken_again_with_all_that_it_remembered() -> None:
    room = Room()
    process = room.process(Fault(12, Kind.KILL))
    process.moves[6] = [room.engine.all.clear]
    assert room.hold(process, adds=LEFT) == "Killed"
    assert [read_note(lock).intent for lock in room.engine.all.values()] == [LEFT]


def test_a_holder_that_lives_is_left_alone_however_long_it_takes() -> None:
    room = Room()
    patient, busy = room.process(), room.process()

    def work() -> None:
        locks = locks_of_run(room.engine, "shop", room.faults, room.clock, lambda _: None)
        with locks.hold(["app"]):
            room.clock.wait(10 * LEASE)
            locks.ensure()

    ends: list[str] = []
    room.clock.turns.race(
        3, [(busy, work), (patient, lambda: ends.append(room.hold(patient, 5 * LEASE)))]
    )
    assert ends in (["Locked"], ["done"])
    assert not any(text.startswith("taking over") for text in room.servers)


def test_a_gateways_rollout_and_those_of_its_services_wait_for_each_other() -> None:
    room = Room()
    inside: list[str] = []

    def hold(process: Process, service: str, beside: tuple[str, ...]) -> None:
        locks = locks_of_run(room.engine, "shop", room.faults, room.clock, lambda _: None)
        with locks.hold([service], 10 * LEASE, beside):
            assert "nginx" not in inside
            assert not (beside and inside)
            inside.append(service)
            room.clock.wait(5.0)
            inside.remove(service)
            most.append(len(inside) + 1)
        assert process

    for seed in range(0, 60, EVERY):
        most: list[int] = []
        wanted = [("nginx", ("api", "app")), ("app", ()), ("api", ())]
        runs = [(room.process(), *one) for one in wanted]
        room.clock.turns.race(seed, [(p, partial(hold, p, who, what)) for p, who, what in runs])
        assert len(most) == 3
        assert not room.engine.all


def test_two_services_are_rolled_side_by_side() -> None:
    room = Room()
    together: list[bool] = []
    inside: set[str] = set()

    def hold(service: str) -> None:
        locks = locks_of_run(room.engine, "shop", room.faults, room.clock, lambda _: None)
        with locks.hold([service]):
            inside.add(service)
            room.clock.wait(5.0)
            together.append(inside == {"app", "api"})

    runs = [(room.process(), partial(hold, service)) for service in ("app", "api")]
    room.clock.turns.race(1, runs)
    assert any(together)


def test_a_gateways_rollout_that_broke_off_leaves_nothing_to_do_for_its_services() -> None:
    room = Room()
    ends = {room.hold_nginx(room.process(Fault(n, Kind.KILL, after=True))) for n in range(1, 25)}
    assert ends >= {"Killed"}
    room.let_leases_end()
    assert room.hold(room.process()) == "done"
    assert room.inherited[room.number].outgoing == {}


def test_what_a_service_left_half_done_is_finished_before_its_gateway_is_touched() -> None:
    room = broken()
    assert room.hold_nginx(room.process()) == "Locked"
    assert "composeroll update app" in room.help
    assert room.hold(room.process()) == "done"
    assert room.hold_nginx(room.process()) == "done"
    assert not room.engine.all


@pytest.mark.parametrize("which", ["api", "app"])
def test_one_of_two_locks_that_somebody_removes_does_not_end_the_other_ones_lease(
    which: str,
) -> None:
    room = Room()
    room.faults.plan(room.process())
    locks = locks_of_run(room.engine, "shop", room.faults, room.clock, lambda _: None)
    with locks.hold(["api", "app"]):
        locks.record_intent(LEFT)
        del room.engine.all[f"composeroll-lock.shop.{which}"]
        room.clock.wait(LEASE + 5)
        (left,) = room.engine.all.values()
        assert room.clock.now() - read_note(left).beat < LEASE


def test_who_waits_for_a_second_lock_shows_life_in_the_first_one() -> None:
    """To another host nothing else tells that they live."""
    room, ends = Room(), dict[str, str]()

    def hold(who: str, services: Sequence[str], works: float, later: float = 0.0) -> None:
        room.clock.wait(later)
        locks = locks_of_run(room.engine, "shop", room.faults, room.clock, room.hear)
        try:
            with locks.hold(services, 10 * LEASE):
                room.clock.wait(works)
                locks.ensure()
            ends[who] = "done"
        except ComposerollError as error:
            ends[who] = error.what

    runs = {
        "busy": partial(hold, "busy", ["app"], 3 * LEASE),
        "patient": partial(hold, "patient", ["api", "app"], 5.0, 1.0),
        "third": partial(hold, "third", ["api"], 3 * LEASE, 1.5 * LEASE),
    }
    room.clock.turns.race(1, [(room.process(), run) for run in runs.values()])
    assert ends == dict.fromkeys(runs, "done")
