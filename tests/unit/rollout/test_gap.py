"""How long what stops first did not serve."""

from __future__ import annotations

import pytest

from composeroll.rollout.applying.gap import Taken, gap
from composeroll.rollout.steps import (
    Incoming,
    RenumberReplicas,
    ReplaceReplicas,
    StartReplicas,
    Step,
    StopReplicas,
    WatchIncoming,
    before,
)

STOP = StopReplicas("app", (), None, before(()), None)
START = StartReplicas("app", before(()))
WATCH = WatchIncoming((Incoming("web", frozenset()),), 60.0, ())


def in_place(*, missed: bool) -> Step:
    return ReplaceReplicas("code", 1, "old", "code:1", renew_volumes=False, gap=missed)


def taken(*steps: Step) -> list[Taken]:
    """Each takes a second."""
    return [Taken(step, float(n), float(n + 1)) for n, step in enumerate(steps)]


def test_it_lasts_from_the_first_stop_to_the_last_step_that_brings_something_up() -> None:
    assert gap(taken(START, STOP, START, WATCH)) == "app did not answer for 2.0s at most"


@pytest.mark.parametrize("missed", [True, False])
def test_what_is_replaced_in_place_has_one_unless_nobody_misses_it(*, missed: bool) -> None:
    assert (gap(taken(in_place(missed=missed))) is not None) is missed


def test_services_that_stop_together_are_told_together() -> None:
    text = gap(taken(STOP, in_place(missed=True), STOP))
    assert text == "app and code did not answer for 3.0s at most"


def test_side_by_side_there_is_none() -> None:
    assert gap(taken(START, WATCH, RenumberReplicas("app", 2))) is None
