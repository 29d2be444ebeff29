"""What an operator's own commands do, where that decides how a history goes on."""

from __future__ import annotations

import pytest

from tests.sim.interference import Move, Outside
from tests.sim.stacks import app


@pytest.mark.parametrize("move", [Move.UP, Move.SCALE])
def test_compose_pulls_what_is_missing_before_it_touches_a_container(move: Move) -> None:
    """A command of the operator's that failed half-way was told as a failure of the run beside."""
    sim = app(1)
    new = sim.images.push("app", "app-new")
    sim.images.fetch("app")
    operator = Outside(sim)
    operator.move(Move.PRUNE_ALL_IMAGES, "app", 0)
    operator.move(move, "app", 0)
    assert sim.moved[move] == 1
    assert any(box.image == new for box in sim.engine.of("app"))
