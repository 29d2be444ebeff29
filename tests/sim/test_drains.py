"""Old workers that do not leave: whose connections hold them decides who is waited for."""

from __future__ import annotations

import pytest

from composeroll.report.events import Noted, Warned
from tests.sim.finished import finished
from tests.sim.images import Behaviour
from tests.sim.world import Sim
from tests.unit.rollout.makers import ours


def with_websockets(**settings: object) -> Sim:
    """Two replicas of app, behind a gateway whose workers other services' websockets keep."""
    sim = Sim({"app": {"scale": 2, **ours(**settings)}})
    sim.run("app", 2)
    sim.wire("app")
    for gateway in sim.gateways.all.values():
        gateway.websockets = True
    return sim


def with_own_websockets(**drain: object) -> Sim:
    """The same, and the websockets are app's own."""
    sim = with_websockets(drain={"timeout": "10m", **drain})
    for gateway in sim.gateways.all.values():
        gateway.own_websockets = True
    sim.images.push("app", "app-v2")
    return sim


def told(sim: Sim, kind: type[Noted | Warned]) -> list[str]:
    return [event.text for event in sim.events if isinstance(event, kind)]


@pytest.mark.parametrize("batch", [1, "all"])
def test_other_services_websockets_hold_nobody_up(batch: object) -> None:
    sim = with_websockets(batch=batch, drain={"timeout": "10m"})
    sim.images.push("app", "app-v2")
    began = sim.clock.now()
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 2)
    assert sim.clock.now() - began < 60
    assert any(
        "to other services left to the old nginx worker" in text for text in told(sim, Noted)
    )
    assert not told(sim, Warned)


def test_other_services_websockets_do_not_hold_up_the_way_back_either() -> None:
    sim = with_websockets(monitor="5s", drain={"timeout": "10m"})
    sim.images.push("app", "app-sick", Behaviour(dies_after=3.0))
    began = sim.clock.now()
    assert sim.update("app") == "RolledBack"
    assert sim.clock.now() - began < 60
    assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v1"}


def test_own_websockets_are_waited_for_as_long_as_the_budget_lasts() -> None:
    sim = with_own_websockets()
    began = sim.clock.now()
    assert sim.update("app") == "updated", sim.failure
    assert sim.clock.now() - began > 600
    assert any("after 10m 1 old nginx worker still lives" in text for text in told(sim, Warned))


def test_own_websockets_that_are_to_be_cut_cost_seconds() -> None:
    sim = with_own_websockets(long_connections="cut", long_after="20s")
    began = sim.clock.now()
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 2)
    assert 20 < sim.clock.now() - began < 60
    assert "1 connection open for 20s cut" in told(sim, Noted)
