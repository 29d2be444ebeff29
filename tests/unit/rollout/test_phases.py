"""The phases of a rollout as a CI folds them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import EngineError
from composeroll.report.events import Event, Phase, PhaseEnded, PhaseStarted
from composeroll.rollout.applying.announce import phase
from tests.unit.nginx.fake import VirtualClock


def stack(events: list[Event], clock: VirtualClock) -> Any:  # noqa: ANN401 - as much as a phase touches
    """A stack that writes down what it is told."""
    return cast("Any", SimpleNamespace(world=SimpleNamespace(emit=events.append, clock=clock)))


def test_a_phase_says_what_it_does_as_it_begins_and_in_the_end_how_long_it_took() -> None:
    events, clock = list[Event](), VirtualClock()
    clock.wait(1000.0)
    with phase(stack(events, clock), Phase.OBSERVE, "observe app"):
        assert events == [PhaseStarted(Phase.OBSERVE, "observe app")]
        clock.wait(3.0)
    assert events[1:] == [PhaseEnded(Phase.OBSERVE, 3.0)]


def test_a_phase_that_fails_is_left_open_so_that_a_ci_shows_it_unfolded() -> None:
    events = list[Event]()
    with (
        pytest.raises(EngineError),
        phase(stack(events, VirtualClock()), Phase.APPLY, "update app"),
    ):
        raise EngineError("broken")
    assert events == [PhaseStarted(Phase.APPLY, "update app")]
