"""What new replicas beside the old ones have no room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from composeroll.model import Finding, Severity
from composeroll.rollout.checks.limits import limit_findings, next_limit_findings
from composeroll.rollout.observing.observed import ServiceState
from tests.unit.rollout.makers import ours, replica, service, state

PAIR = [replace(replica(n), published=(2999 + n,)) for n in (1, 2)]


def where(keys: Sequence[str]) -> str:
    return f"file:7 {'.'.join(keys)}"


def found(one: ServiceState, asked: int | None = None) -> tuple[Finding, ...]:
    """What a rollout meets that replaces all that is outdated."""
    return tuple(limit_findings("shop", one, one.outdated, asked, where))


def next_time(one: ServiceState) -> tuple[Finding, ...]:
    return tuple(next_limit_findings("shop", one, one.outdated, where))


def publishing(ports: str, **settings: Any) -> ServiceState:  # noqa: ANN401 - as in YAML
    raw = {"ports": [{"published": ports, "target": 80}], "scale": 2, **ours(**settings)}
    return state(PAIR, of=service(**raw))


def test_a_range_with_a_port_for_old_and_new_replicas_is_enough() -> None:
    assert found(publishing("3000-3003")) == ()


def test_a_range_that_ends_before_the_last_new_replica_names_the_ports_and_the_batch() -> None:
    (refusal,) = found(publishing("3000-3002"))
    assert refusal.severity is Severity.REFUSAL
    assert "3000-3002 of app are 3, old replicas have 2 of them, and 2 new" in refusal.what
    assert refusal.help == "publish 3000-3003 (file:7 services.app.ports), or --batch 1"


def test_a_range_without_a_free_port_has_room_for_no_batch_at_all() -> None:
    (refusal,) = found(publishing("3000-3001", batch=1))
    assert refusal.help == "publish 3000-3002 (file:7 services.app.ports)"


@pytest.mark.parametrize("settings", [{"batch": 1}, {"order": "stop-first"}])
def test_who_starts_fewer_at_once_needs_fewer_ports(settings: dict[str, Any]) -> None:
    assert found(publishing("3000-3002", **settings)) == ()


def test_where_nothing_is_to_be_done_the_next_rollout_is_warned_of() -> None:
    done = replace(publishing("3000-3002"), outdated={})
    assert found(done) == ()
    (warning,) = next_time(done)
    assert warning.severity is Severity.WARNING
    assert next_time(publishing("3000-3002")) == ()


def test_a_scale_needs_a_port_for_each_that_is_added() -> None:
    grown = replace(publishing("3000-3002"), outdated={})
    assert found(grown, 3) == ()
    (refusal,) = found(grown, 4)
    assert "2 of them, and 2 new" in refusal.what


def test_old_replicas_that_publish_elsewhere_take_no_port_of_the_range() -> None:
    assert found(publishing("4000-4001")) == ()
    (refusal,) = found(publishing("4000-4000"))
    assert "have 0 of them, and 2 new" in refusal.what


@pytest.mark.parametrize(
    ("taken", "refused"),
    [("shop-app-2", False), ("shop-app-3", True), ("shop-app-4", True), ("shop-app-5", False)],
)
def test_a_name_that_compose_will_give_next_must_be_free(taken: str, *, refused: bool) -> None:
    lone = state([replica(1), replica(2)], taken=frozenset({taken} - {"shop-app-2"}))
    assert [taken in f.what for f in found(lone)] == [True] * refused


def test_names_follow_the_highest_label_and_not_the_names() -> None:
    renumbered = replace(replica(4, name="shop-app-1"))
    assert found(state([renumbered], taken=frozenset({"shop-app-2"}))) == ()
    (refusal,) = found(state([renumbered], taken=frozenset({"shop-app-5"})))
    assert refusal.help.startswith("docker rename shop-app-5 ")


def test_names_follow_the_labels_of_those_that_drain_on_too() -> None:
    alone = state([replica(1)], taken=frozenset({"shop-app-2"}), highest_detached=2)
    assert found(alone) == ()
    (refusal,) = found(replace(alone, taken=frozenset({"shop-app-2", "shop-app-3"})))
    assert refusal.help.startswith("docker rename shop-app-3 ")


def test_a_replica_renamed_by_hand_is_in_the_way_of_the_next() -> None:
    (refusal,) = found(state([replica(1, name="shop-app-2")]))
    assert "shop-app-2" in refusal.what


def test_compatible_names_are_compared_with_compatible_names() -> None:
    older = state([replica(1, name="shop_app_1")], taken=frozenset({"shop-app-2"}))
    assert found(older) == ()
    assert found(replace(older, taken=frozenset({"shop_app_2"})))


def test_who_stops_first_needs_no_new_name() -> None:
    alone = service(**ours(order="stop-first"))
    assert found(state([replica(1)], of=alone, taken=frozenset({"shop-app-2"}))) == ()
