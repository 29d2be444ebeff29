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
    assert any("goes on in the old nginx worker" in text for text in told(sim, Noted))
    assert not told(sim, Warned)


def test_other_services_websockets_do_not_hold_up_the_way_back_either() -> None:
    sim = with_websockets(monitor="5s", drain={"timeout": "10m"})
    sim.images.push("app", "app-sick", Behaviour(dies_after=3.0))
    began = sim.clock.now()
    assert sim.update("app") == "RolledBack"
    assert sim.clock.now() - began < 60
    assert {box.image for box in sim.engine.of("app")} == {"sha256:app-v1"}
