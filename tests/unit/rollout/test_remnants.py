"""What is left from before, and is in the way of an update."""

from __future__ import annotations

from dataclasses import replace

import pytest

from composeroll.model import Finding, Replica, Server, Upstream
from composeroll.rollout.checks.remnants import remnants
from composeroll.rollout.observed import ServiceState
from tests.unit.rollout.makers import ours, replica, service, state, wiring


def found(one: ServiceState, *others: Replica) -> tuple[Finding, ...]:
    return remnants("shop", one, (*one.replicas, *others))


def serving_at(*servers: Server) -> ServiceState:
    place = replace(wiring(1), upstream=Upstream("app", servers))
    return state([replica(1)], place)


RIGHT = Server("10.0.0.1:80", comment="shop-app-1 111111111111")
GONE = Server("10.0.0.9:80", comment="shop-app-2 222222222222")


def test_an_address_that_its_replica_has_left_is_named_though_nobody_here_has_it() -> None:
    (warning,) = found(serving_at(RIGHT, GONE))
    assert "sends requests to 10.0.0.9:80, where no replica of app is" in warning.what
    assert warning.help == "composeroll sync app"


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


@pytest.mark.parametrize(
    ("taken", "warned"),
    [("shop-app-2", False), ("shop-app-3", True), ("shop-app-4", True), ("shop-app-5", False)],
)
def test_a_name_that_compose_will_give_next_must_be_free(taken: str, *, warned: bool) -> None:
    lone = state([replica(1), replica(2)], taken=frozenset({taken} - {"shop-app-2"}))
    assert [taken in f.what for f in found(lone)] == [True] * warned


def test_names_follow_the_highest_label_and_not_the_names() -> None:
    renumbered = replace(replica(4, name="shop-app-1"))
    assert found(state([renumbered], taken=frozenset({"shop-app-2"}))) == ()
    (warning,) = found(state([renumbered], taken=frozenset({"shop-app-5"})))
    assert warning.help.startswith("docker rename shop-app-5 ")


def test_a_replica_renamed_by_hand_is_in_the_way_of_the_next() -> None:
    (warning,) = found(state([replica(1, name="shop-app-2")]))
    assert "shop-app-2" in warning.what


def test_compatible_names_are_compared_with_compatible_names() -> None:
    older = state([replica(1, name="shop_app_1")], taken=frozenset({"shop-app-2"}))
    assert found(older) == ()
    assert found(replace(older, taken=frozenset({"shop_app_2"})))


def test_who_stops_first_needs_no_new_name() -> None:
    alone = service(**ours(order="stop-first"))
    assert found(state([replica(1)], of=alone, taken=frozenset({"shop-app-2"}))) == ()
