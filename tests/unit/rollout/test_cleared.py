"""What did not serve and was cleared away does not come back, and a way back says so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from composeroll.errors import EngineError, Interrupted, RolledBack
from composeroll.rollout.steps import RemoveLeftovers
from composeroll.rollout.world import World
from tests.unit.rollout.makers import replica
from tests.unit.rollout.test_apply import Noting, run


class Cleared(RemoveLeftovers, frozen=True):
    """One that only says that it ran."""

    def do(self, world: World) -> None:
        """Nothing."""


class Stuck(RemoveLeftovers, frozen=True):
    """One that fails."""

    def do(self, world: World) -> None:
        """Give up."""
        del world
        raise EngineError("it runs again")


@pytest.mark.parametrize("end", [EngineError("no"), Interrupted("SIGTERM", signum=15)])
@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ((1,), "; shop-app-1, which did not serve, stays removed"),
        ((1, 2), "; shop-app-1, shop-app-2, which did not serve, stay removed"),
    ],
)
def test_what_was_cleared_away_is_named_where_all_else_was_taken_back(
    end: BaseException, numbers: Sequence[int], says: str
) -> None:
    _, failure = run(Cleared("app", tuple(map(replica, numbers))), Noting("prove", end))
    assert isinstance(failure, (RolledBack, Interrupted))
    assert f"what served before keeps serving{says}" in (failure.serving or "")


def test_what_could_not_be_cleared_away_is_not_told_as_removed() -> None:
    _, failure = run(Stuck("app", (replica(1),)))
    assert isinstance(failure, RolledBack)
    assert "removed" not in (failure.serving or "")
