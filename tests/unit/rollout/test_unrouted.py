"""Whoever is replaced without a switch is named, unless that is known to be meant."""

from __future__ import annotations

from typing import Any

import pytest

from composeroll.model import Replica
from composeroll.rollout.checks.unrouted import unrouted
from composeroll.rollout.observing.observed import Observed, ServiceState
from composeroll.rollout.planning.outgoing import outgoing
from composeroll.rollout.planning.plan import plan_rollout
from tests.unit.rollout.makers import NEW, ours, replica, service, state, wiring


def note(*states: ServiceState) -> str:
    """What is said of a rollout of these."""
    observed = Observed("shop", states)
    return unrouted(observed, plan_rollout(observed, outgoing(observed)))


def worker(name: str, *replicas: Replica, **raw: Any) -> ServiceState:  # noqa: ANN401 - as in YAML
    """A service that nginx knows nothing of."""
    return state(replicas, of=service(name, **raw))


def test_services_that_no_nginx_speaks_to_are_named_with_the_key_that_says_so() -> None:
    both = worker("mailer", replica(1, of="mailer")), worker("worker", replica(2, of="worker"))
    assert note(both[0]).startswith(
        "no nginx of this project sends requests to mailer: it is replaced without a switch"
    )
    assert "to mailer and worker: they are replaced" in note(*both)
    assert "gateway: none" in note(*both)


@pytest.mark.parametrize(
    "silent",
    [
        state([replica(1)], wiring(1)),
        worker("app", replica(1), **ours(gateway="none")),
        worker("app", replica(1, NEW)),
        state([replica(1)], data_only=True),
    ],
)
def test_nothing_is_said_where_nginx_speaks_to_it_or_it_is_meant_or_left_alone(
    silent: ServiceState,
) -> None:
    assert not note(silent)
