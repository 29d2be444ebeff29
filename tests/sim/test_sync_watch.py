"""`sync --watch` in a world that moves, and beside runs that change it."""

from __future__ import annotations

import pytest

from tests.sim.effort import EVERY
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, names_what_answers
from tests.sim.interference import Move
from tests.sim.runs import Moved, Run, Verb
from tests.sim.stacks import app, drained

LONG = 600.0
"""Seconds: longer than any watch here has work to do."""

FIRST = 20
"""By then a watch that found nothing to mend waits for an event."""


def watching(*moves: Moved, lasts: float = 60.0) -> Run:
    """A watch of all services in which the world moves."""
    return Run(("app", "other"), Verb.WATCH, moves=moves, lasts=lasts)


@pytest.mark.parametrize("gateways", [1, 2])
@pytest.mark.parametrize("move", Move)
def test_whatever_moves_the_upstream_names_in_the_end_what_answers(
    move: Move, gateways: int
) -> None:
    for number in range(1, FIRST + 1, EVERY):
        sim = app(2, gateways=gateways)
        assert sim.do(watching(Moved(number, move, chance=number))) == "up to date", sim.failure
        assert sim.moved[move] == 1
        names_what_answers(sim, "app", "other")
        assert not sim.locks.all


@pytest.mark.parametrize("kind", [Kind.HANG, Kind.FAIL])
def test_a_watch_that_is_told_to_end_while_it_takes_something_back_ends(kind: Kind) -> None:
    """The signal is there as soon as the call has come back that went wrong."""
    whole = app(1)
    whole.do(restarting(lasts=5.0))
    for number in range(1, len(whole.faults.trace) + 1, EVERY):
        for after in (False, True):
            sim = app(1)
            began = sim.clock.now()
            strikes = Fault(number, kind, after)
            assert sim.do(restarting(strikes, lasts=5.0)) == "up to date", (number, sim.failure)
            assert sim.clock.now() < began + LONG


def restarting(*faults: Fault, lasts: float) -> Run:
    """A watch in which a replica has another address at once."""
    moved = Moved(1, Move.RESTART)
    return Run(("app",), Verb.WATCH, moves=[moved], lasts=lasts, faults=faults)


def test_a_watch_that_is_told_to_end_while_it_retires_what_drained_ends() -> None:
    whole = drained()
    assert whole.do(watching(lasts=LONG)) == "up to date"
    retires = [
        n for n, what in enumerate(whole.faults.trace, 1) if what.startswith(("stop", "remove"))
    ]
    assert retires
    for number in retires:
        sim = drained()
        began = sim.clock.now()
        run = Run(("app",), Verb.WATCH, lasts=LONG, faults=[Fault(number, Kind.INTERRUPT)])
        assert sim.do(run) == "up to date", sim.failure
        assert sim.clock.now() < began + LONG


@pytest.mark.parametrize("seed", range(0, 60, EVERY))
def test_a_watch_never_fights_a_rollout(seed: int) -> None:
    sim = app(2)
    sim.race(seed, [watching(), Run(("app",), patience=200)])
    finished(sim, "app", 2)
