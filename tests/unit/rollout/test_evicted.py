"""Another service's address in an upstream: taken out before anything else, and never put back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.model import ContainerState, Replica
from composeroll.rollout.steps import Incoming, Switch
from composeroll.rollout.steps.evict import EvictStrangers
from tests.unit.rollout.makers import replica, wiring

OWN, DOWN = replica(1), replica(1, state=ContainerState.EXITED)


def evict(*own: Replica) -> dict[str, str]:
    """What each of two gateways, which name a stranger, is told of the service."""
    place = wiring(7, gateways=("g1", "g2"))
    calls: list[dict[str, dict[str, str]]] = []
    world = SimpleNamespace(
        project="shop",
        engine=SimpleNamespace(replicas=lambda _: own),
        gateways=SimpleNamespace(switch=calls.append),
    )
    switch = Switch(Incoming("app", frozenset()), place.route, place.upstream, place.texts)
    step = EvictStrangers((switch,), 30.0)
    step.do(cast("Any", world))
    step.undo(cast("Any", world))
    (texts,) = calls
    return {gateway: files["/etc/nginx/app.conf"] for gateway, files in texts.items()}


@pytest.mark.parametrize(
    ("own", "server"), [((OWN,), "server 10.0.0.1:80"), ((DOWN,), "server 224.0.0.0:80 down;")]
)
def test_every_gateway_names_what_runs_of_the_service_or_nobody(
    own: tuple[Replica, ...], server: str
) -> None:
    """Where nobody is named nginx answers 502 itself, and no stranger says 200."""
    calls = evict(*own)
    assert calls.keys() == {"g1", "g2"}
    assert all(server in text and "10.0.0.7" not in text for text in calls.values())
