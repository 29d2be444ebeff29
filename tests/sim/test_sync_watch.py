"""`sync --watch` in a world that moves, and beside runs that change it."""

from __future__ import annotations

import pytest

from tests.sim.effort import EVERY
from tests.sim.finished import finished, names_what_answers
from tests.sim.interference import Move
from tests.sim.runs import Moved, Run, Verb
from tests.sim.stacks import app

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


@pytest.mark.parametrize("seed", range(0, 60, EVERY))
def test_a_watch_never_fights_a_rollout(seed: int) -> None:
    sim = app(2)
    sim.race(seed, [watching(), Run(("app",), patience=200)])
    finished(sim, "app", 2)
