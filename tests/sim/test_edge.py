"""An engine that starts anew, or an edge that does, takes nginx from its clients: it comes back."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from tests.sim.effort import EVERY
from tests.sim.faults import Fault, Kind
from tests.sim.finished import names_what_answers
from tests.sim.interference import Move, Outside
from tests.sim.runs import Moved, Run, Verb
from tests.sim.stacks import gateway
from tests.sim.world import Sim

BOTH = ("nginx", "app")
SYNC = Run(BOTH, Verb.SYNC)


def rebooted(replicas: int = 1) -> Sim:
    """The engine has started again, every nginx before its edge, and has given them up."""
    return next(sim for chance in count() if not (sim := reboot(replicas, chance)).gateways.takers)


def reboot(replicas: int, chance: int) -> Sim:
    sim = gateway(replicas)
    Outside(sim).move(Move.REBOOT, "app", chance)
    sim.let_pass(10.0)
    return sim


def left_behind(replicas: int = 1) -> Sim:
    """Somebody has restarted the edge alone."""
    sim = gateway(replicas)
    sim.let_pass(10.0)
    Outside(sim).move(Move.RESTART, "edge", 0)
    assert not sim.gateways.takers
    assert all(box.running for box in sim.engine.of("nginx"))
    return sim


LOST = {"given up": rebooted, "left behind": left_behind}


def serves(sim: Sim, replicas: int = 1) -> None:
    """Every nginx is back, and names what answers."""
    assert len(sim.gateways.takers) == replicas
    assert sim.do(SYNC) == "up to date", sim.failure
    names_what_answers(sim, "app")
    assert not sim.locks.all


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("how", LOST)
def test_sync_brings_nginx_back_into_the_network_of_its_edge(how: str, replicas: int) -> None:
    sim = LOST[how](replicas)
    assert sim.do(SYNC) == "updated", sim.failure
    serves(sim, replicas)


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.FORCE, Verb.SCALE], ids=lambda verb: verb.value)
@pytest.mark.parametrize("how", LOST)
def test_what_is_to_be_rolled_behind_it_brings_it_back_first(how: str, verb: Verb) -> None:
    sim = LOST[how]()
    assert sim.do(Run(("app",), verb, count=2)) == "updated", sim.failure
    serves(sim)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("how", LOST)
def test_a_sync_that_ends_at_any_moment_of_that_is_finished_by_the_next(
    how: str, kind: Kind
) -> None:
    whole = LOST[how]()
    whole.do(SYNC)
    for number in range(1, len(whole.faults.trace) + 1, EVERY):
        for after in (False, True):
            sim = LOST[how]()
            sim.do(Run(BOTH, Verb.SYNC, faults=[Fault(number, kind, after)]))
            assert sim.do(SYNC) in ("updated", "up to date"), (number, kind, sim.failure)
            serves(sim)


def test_of_two_syncs_at_once_one_brings_it_back_and_says_so() -> None:
    patient = replace(SYNC, patience=600.0)
    for seed in range(0, 40, EVERY):
        sim = left_behind()
        assert sorted(sim.race(seed, [patient, patient])) == ["up to date", "updated"], seed
        serves(sim)


@pytest.mark.parametrize("move", [Move.REBOOT, Move.RESTART])
def test_a_watch_brings_it_back_by_itself(move: Move) -> None:
    for number in range(1, 20, EVERY):
        sim = gateway()
        sim.let_pass(10.0)
        moved = Moved(number, move, number)
        run = Run(("edge", "app"), Verb.WATCH, moves=[moved])
        assert sim.do(run) == "up to date", sim.failure
        assert sim.moved[move] == 1
        serves(sim)


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("first", [Verb.UPDATE, Verb.SYNC], ids=lambda verb: verb.value)
def test_what_a_reboot_ends_the_same_command_finishes(first: Verb, *, beside: bool) -> None:
    """Whether or not somebody syncs before."""
    services = ("nginx", "app") if beside else ("nginx",)
    whole = gateway(beside=beside)
    whole.update(*services)
    for number in range(1, len(whole.faults.trace) + 1, EVERY):
        sim = gateway(beside=beside)
        sim.update(*services, fault=Fault(number, Kind.KILL, after=True))
        sim.let_leases_end()
        Outside(sim).move(Move.REBOOT, "app", number)
        sim.let_pass(10.0)
        sim.do(Run(BOTH if first is Verb.SYNC else services, first))
        assert sim.gateways.takers, (number, sim.failure)
        assert sim.update(*services) in ("updated", "up to date"), (number, sim.failure)
        for name in services:
            assert [b.image for b in sim.engine.of(name) if b.running] == [sim.images.newest(name)]
        assert not sim.locks.all
        if beside or first is Verb.SYNC:
            names_what_answers(sim, "app")


def test_a_stopped_edge_keeps_nginx_from_nothing_that_sync_could_mend() -> None:
    sim = gateway()
    for name in ("nginx", "edge"):
        sim.engine.fall_now(sim.engine.of(name)[0])
    assert sim.do(SYNC) == "up to date", sim.failure
    assert not sim.gateways.takers


def test_an_nginx_that_somebody_has_stopped_stays_so() -> None:
    sim = gateway()
    sim.engine.stop_now(sim.engine.of("nginx")[0])
    assert sim.do(SYNC) == "up to date", sim.failure
    assert not sim.gateways.takers
