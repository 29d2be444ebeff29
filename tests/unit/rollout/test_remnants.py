"""What is left from before, and is in the way of an update."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import ContainerState, Finding, Replica, Server, Upstream
from composeroll.rollout.checks.remnants import remnant_findings
from composeroll.rollout.observing.observed import ServiceState
from tests.unit.rollout.makers import replica, state, wiring


def found(one: ServiceState, *others: Replica) -> tuple[Finding, ...]:
    return remnant_findings(one, (*one.replicas, *others))


def serving_at(*servers: Server) -> ServiceState:
    place = replace(wiring(1), upstream=Upstream("app", servers))
    return state([replica(1)], place)


RIGHT = Server("10.0.0.1:80", comment="shop-app-1 111111111111")
GONE = Server("10.0.0.9:80", comment="shop-app-2 222222222222")


def test_an_address_that_its_replica_has_left_is_named_though_nobody_here_has_it() -> None:
    (warning,) = found(serving_at(RIGHT, GONE))
    assert "sends requests to 10.0.0.9:80, where no replica of app is" in warning.what
    assert warning.help == "`composeroll sync app`"


def test_a_paused_replica_has_its_address_still() -> None:
    paused = replace(replica(9), state=ContainerState.PAUSED)
    one = serving_at(RIGHT, GONE)
    assert not found(replace(one, replicas=(*one.replicas, paused)))


@pytest.mark.parametrize(
    "fine",
    [
        RIGHT,
        replace(GONE, parameters=("down",)),
        replace(GONE, comment=""),
        Server("app:80", comment="by name until the first rollout"),
    ],
)
def test_what_is_right_down_a_name_or_not_written_by_composeroll_is_left_alone(
    fine: Server,
) -> None:
    assert found(serving_at(RIGHT, fine)) == ()


def test_an_address_of_another_service_is_named_once_with_its_owner() -> None:
    (warning,) = found(serving_at(RIGHT, GONE), replica(9, of="secrets"))
    assert "shop-secrets-9" in warning.what
