"""A service that nginx knew, and that no running nginx knows now, is not rolled in the dark."""

from __future__ import annotations

import pytest

from composeroll.errors import Refused
from composeroll.model import Severity
from composeroll.rollout.checks.stopped_gateways import stopped_gateway_findings
from composeroll.rollout.observing.observed import Front, Observed, ServiceState
from tests.unit.rollout.makers import ours, replica, service, state, wiring


def never(name: str) -> str:
    raise AssertionError(f"the history of {name} was read")


def test_a_service_that_its_gateway_knew_is_refused_with_the_ways_out() -> None:
    (finding,) = stopped_gateway_findings(
        Observed("shop", (state([replica(1)]),)), lambda _: "gateway"
    )
    assert finding.severity is Severity.REFUSAL
    assert "the nginx of gateway" in finding.what
    assert "docker compose up -d gateway" in finding.help
    assert "services.app.x-composeroll.gateway: none" in finding.help


def test_a_service_that_never_had_a_gateway_is_a_worker() -> None:
    assert not list(
        stopped_gateway_findings(Observed("shop", (state([replica(1)]),)), lambda _: "")
    )


@pytest.mark.parametrize(
    "known",
    [
        state([replica(1)], wiring(1)),
        state([replica(1)], of=service(**ours(gateway="none"))),
        state([replica(1)], front=Front((), None)),
        state([replica(1)], refusal=Refused("two gateways")),
    ],
)
def test_the_history_is_read_only_where_nothing_else_tells(known: ServiceState) -> None:
    assert not list(stopped_gateway_findings(Observed("shop", (known,)), never))
