"""Replicas that seemed ready and are not: what is seen while they are watched, and after."""

from __future__ import annotations

from typing import Any

import pytest

from composeroll.report.events import Noted, StepStarted, Watching
from tests.sim.finished import finished, ids, untouched
from tests.sim.images import Behaviour
from tests.sim.runs import Run, Verb
from tests.sim.stacks import app, ours, pair
from tests.sim.world import Sim


def trace(sim: Sim) -> list[str]:
    """The first words of the steps that began."""
    return [e.step.split()[0] for e in sim.events if isinstance(e, StepStarted)]


def rolled_back(sim: Sim, behaviour: Behaviour, service: str = "app") -> str:
    """Roll to an image that behaves so; what was said when it was taken back."""
    sim.images.push(service, f"{service}-sick", behaviour)
    before = ids(sim, service)
    assert sim.update(service) == "RolledBack", sim.failure
    untouched(sim, service, before)
    return str(sim.failure)


@pytest.mark.parametrize("gateways", [1, 2])
def test_more_5xx_than_allowed_send_the_traffic_back_at_once(gateways: int) -> None:
    sim = app(2, gateways=gateways, monitor="30s")
    said = rolled_back(sim, Behaviour(errs=0.3))
    assert sim.clock.now() < 15
    assert "requests with 5xx (3" in said
    assert said.endswith("5% allowed")
    assert trace(sim)[-1] == "watch"
    seen = [e for e in sim.events if isinstance(e, Watching)]
    assert seen[-1].errors > 0.25 * seen[-1].requests > 0


@pytest.mark.parametrize(
    ("errs", "settings"),
    [
        (0.0, {}),
        (0.04, {}),
        (0.3, {"max_errors": "40%"}),
        (1.0, {"max_errors": "100%"}),
        (0.3, {"min_requests": 10_000}),
        (0.3, {"monitor": "0s"}),
    ],
)
def test_what_is_allowed_goes_through(errs: float, settings: dict[str, Any]) -> None:
    sim = app(2, **{"monitor": "5s", **settings})
    sim.images.push("app", "app-v2", Behaviour(errs=errs))
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 2)
    few = [e.text for e in sim.events if isinstance(e, Noted) and "too few to judge" in e.text]
    assert len(few) == ("min_requests" in settings)


def test_a_bound_holds_for_the_new_replicas_alone_in_every_batch() -> None:
    sim = app(3, batch=1, monitor="5s")
    rolled_back(sim, Behaviour(errs=0.1))


@pytest.mark.parametrize("monitor", ["0s", "5s"])
def test_old_replicas_that_fail_meanwhile_do_not_keep_the_version_that_mends_them_away(
    monitor: str,
) -> None:
    sim = Sim({"app": ours(monitor=monitor, batch=1)})
    sim.run("app", 3, Behaviour(restarts_after=1.5))
    sim.wire("app")
    for gateway in sim.gateways.all.values():
        gateway.longest = 5.0
    sim.images.push("app", "app-v2")
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 3)


@pytest.mark.parametrize(("errs", "end"), [(0.12, "updated"), (0.2, "RolledBack")])
def test_what_the_old_version_always_answered_is_allowed_on_top(errs: float, end: str) -> None:
    sim = erring(0.1)
    sim.images.push("app", "app-v2", Behaviour(errs=errs))
    assert sim.update("app") == end


def test_more_replicas_of_a_version_that_errs_are_no_worse_than_it_was() -> None:
    sim = erring(0.1)
    sim.do(Run(("app",), Verb.SCALE, count=3))
    assert not sim.failure
    assert len(sim.engine.of("app")) == 3


def erring(errs: float) -> Sim:
    """A watched service that has always erred."""
    sim = Sim({"app": ours(monitor="5s")})
    sim.run("app", 2, Behaviour(errs=errs))
    sim.wire("app")
    return sim


def test_one_service_that_errs_takes_all_back() -> None:
    sim = pair(monitor="5s")
    before = ids(sim, "api")
    sim.images.push("app", "app-sick", Behaviour(errs=0.5))
    assert sim.update("app", "api") == "RolledBack"
    untouched(sim, "api", before)


@pytest.mark.parametrize("settings", [{"monitor": "30s"}, {"drain": {"timeout": "30s"}}])
def test_a_restart_is_noticed_however_quick_it_is(settings: dict[str, Any]) -> None:
    sim = app(2, **settings)
    for gateway in sim.gateways.all.values():
        gateway.longest = 20.0
    said = rolled_back(sim, Behaviour(restarts_after=5.0))
    assert "died and was started again" in said
