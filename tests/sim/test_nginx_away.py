"""An nginx that is not seen at a later look: it restarts just then, or stays away."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from composeroll.config.project import Project, Service
from composeroll.errors import Refused
from composeroll.model import Replica
from composeroll.report.events import StepStarted
from composeroll.rollout.observing.observed import Places
from tests.sim import survey
from tests.sim.finished import finished
from tests.sim.images import Behaviour
from tests.sim.stacks import app
from tests.sim.world import Sim

DOWN = Refused("no nginx runs in nginx")
GONE: None = None

SECOND = 4
"""The number of an update's look after it has retired what had drained."""


class GatewayView:
    """Counts the looks at gateways, and sees none at some of them.

    Attributes:
        blind: the numbers of the looks that see none.
        sees: why, where it is said.
    """

    def __init__(self) -> None:
        self.looks = 0
        self.blind = range(0)
        self.sees: Refused | None = GONE

    def is_away(self) -> bool:
        """Whether nginx is not seen at this look."""
        self.looks += 1
        return self.looks in self.blind


@pytest.fixture
def sight(monkeypatch: pytest.MonkeyPatch) -> GatewayView:
    """What every survey of the test goes through."""
    counted, sees = GatewayView(), survey.Survey.look

    def look(
        one: survey.Survey,
        project: Project,
        services: Sequence[Service],
        replicas: Sequence[Replica],
        *,
        preflight: bool,
    ) -> Places:
        if counted.is_away():
            return Places({"app": counted.sees} if counted.sees else {})
        return sees(one, project, services, replicas, preflight=preflight)

    monkeypatch.setattr(survey.Survey, "look", look)
    return counted


def steps(sim: Sim) -> list[str]:
    return [event.step for event in sim.events if isinstance(event, StepStarted)]


@pytest.mark.parametrize("sees", [DOWN, GONE])
def test_an_nginx_that_restarts_between_two_batches_is_waited_for(
    sight: GatewayView, sees: Refused | None
) -> None:
    sim = app(3, batch=1)
    sight.blind, sight.sees = range(3, 6), sees
    assert sim.update("app") == "updated"
    finished(sim, "app", 3)


@pytest.mark.parametrize("sees", [DOWN, GONE])
def test_an_nginx_that_stays_away_ends_it_before_the_next_batch(
    sight: GatewayView, sees: Refused | None
) -> None:
    """Nothing is retired that nobody has switched away from."""
    sim = app(3, batch=1)
    sight.blind, sight.sees = range(3, 1000), sees
    assert sim.update("app") == "Unfinished"
    assert "nginx is no longer seen in front of app" in str(sim.failure)
    assert sum(step.startswith("retire") for step in steps(sim)) == 1
    sight.blind = range(0)
    assert sim.update("app") == "updated"
    finished(sim, "app", 3)


def test_an_nginx_that_is_away_once_the_drained_have_gone_is_not_taken_for_none(
    sight: GatewayView,
) -> None:
    sim = app(2, drain={"timeout": "1s", "detach": True})
    assert sim.update("app") == "updated"
    sim.let_pass(5.0)
    sim.images.push("app", "app-v3", Behaviour())
    sight.blind, sight.sees = range(sight.looks + SECOND, sight.looks + 1000), DOWN
    assert sim.update("app") == "Refused"
    assert not [step for step in steps(sim) if step.startswith("create")]
