"""What is replaced in place and does not come up: what can be brought back, and what cannot."""

from __future__ import annotations

import pytest

from composeroll.errors import UndoFailed
from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished
from tests.sim.images import SICK
from tests.sim.stacks import named, ours
from tests.sim.world import Sim

DIGEST = "registry/app@sha256:" + "d" * 64


def test_a_definition_that_has_changed_is_not_taken_back_and_nobody_says_that_it_was() -> None:
    sim = named(order="stop-first")
    sim.images.push("app", "app-sick", SICK["never ready"])
    sim.engine.definitions["app"] = "with another command"
    assert sim.update("app") == "UndoFailed"
    assert isinstance(sim.failure, UndoFailed)
    assert "has the previous image with the new definition" in sim.failure.what
    (box,) = sim.engine.of("app")
    assert (box.image, box.definition) == ("sha256:app-v1", "with another command")
    assert sim.gateways.all["gateway-1"].current.servers["app"] == {f"{box.ip}:9000": box}


def test_a_definition_alone_that_brings_nothing_up_is_told_to_stay_too() -> None:
    sim = named(order="stop-first")
    sim.images.push("app", "app-v1", SICK["never ready"])
    sim.engine.definitions["app"] = "with a broken variable"
    assert sim.update("app") == "UndoFailed"
    assert "has the previous image with the new definition" in str(sim.failure)


def test_an_image_by_its_digest_goes_to_no_other_name_and_the_end_says_what_serves() -> None:
    sim = Sim({"app": {"image": DIGEST, "container_name": "the-app", **ours(order="stop-first")}})
    sim.run("app")
    sim.wire("app")
    sim.images.push("app", "app-sick", SICK["never ready"])
    assert sim.update("app") == "UndoFailed"
    assert "has the new image and the new definition" in str(sim.failure)
    (box,) = sim.engine.of("app")
    assert (box.image, box.running) == ("sha256:app-sick", True)


@pytest.mark.parametrize("pushed", [False, True])
def test_a_successor_that_somebody_started_beside_its_predecessor_is_cleared_away(
    *, pushed: bool
) -> None:
    """Compose, killed in the middle, leaves two; `docker compose start` then starts both."""
    sim = named(order="stop-first")
    sim.update("app", fault=killed_before(named(order="stop-first"), "stop the-app"))
    assert len(sim.engine.of("app")) == 2
    for box in sim.engine.of("app"):
        sim.engine.start_now(box)
    assert all(box.running for box in sim.engine.of("app"))
    if pushed:
        sim.images.push("app", "app-v3")
    assert sim.update("app") == "updated", sim.failure
    finished(sim, "app", 1)
    assert sim.update("app") == "up to date", sim.failure


def killed_before(whole: Sim, change: str) -> Fault:
    whole.update("app")
    trace = whole.faults.trace
    return Fault(next(n for n, one in enumerate(trace, 1) if one.startswith(change)), Kind.KILL)
