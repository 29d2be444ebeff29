"""The phases of a rollout as a CI folds them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import EngineError
from composeroll.report.events import Event, Phase, PhaseEnded, PhaseStarted
from composeroll.rollout.roll import phase
from tests.unit.nginx.fake import VirtualClock


def stack(told: list[Event], clock: VirtualClock) -> Any:  # noqa: ANN401 - as much as a phase touches
    """A stack that writes down what it is told."""
    return cast("Any", SimpleNamespace(world=SimpleNamespace(emit=told.append, clock=clock)))


def test_a_phase_says_what_it_does_as_it_begins_and_in_the_end_how_long_it_took() -> None:
    told, clock = list[Event](), VirtualClock()
    clock.wait(1000.0)
    with phase(stack(told, clock), Phase.OBSERVE, "observe app"):
        assert told == [PhaseStarted(Phase.OBSERVE, "observe app")]
        clock.wait(3.0)
    assert told[1:] == [PhaseEnded(Phase.OBSERVE, 3.0)]


def test_a_phase_that_fails_is_left_open_so_that_a_ci_shows_it_unfolded() -> None:
    told = list[Event]()
    with pytest.raises(EngineError), phase(stack(told, VirtualClock()), Phase.APPLY, "update app"):
        raise EngineError("broken")
    assert told == [PhaseStarted(Phase.APPLY, "update app")]
