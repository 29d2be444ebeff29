"""What has room for the replicas of now, and not for those of an update."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from composeroll.model import Finding, Severity, Upstream
from composeroll.rollout.checks.limits import limits
from composeroll.rollout.observed import ServiceState
from tests.unit.rollout.makers import ours, replica, service, state, wiring

PAIR = [replica(1), replica(2)]


def found(one: ServiceState) -> tuple[Finding, ...]:
    return limits(one, lambda keys: f"file:7 {'.'.join(keys)}")


def publishing(ports: str, **settings: Any) -> ServiceState:  # noqa: ANN401 - as in YAML
    raw = {"ports": [{"published": ports, "target": 80}], **ours(**settings)}
    return state(PAIR, of=service(**raw))


def test_a_range_with_a_port_for_old_and_new_replicas_is_enough() -> None:
    assert found(publishing("3000-3003")) == ()


def test_a_range_that_ends_before_the_last_new_replica_names_the_ports_and_the_batch() -> None:
    (warning,) = found(publishing("3000-3002"))
    assert warning.severity is Severity.WARNING
    assert "3000-3002 of app are 3, and 2 old and 2 new" in warning.what
    assert warning.help == "publish 3000-3003 (file:7 services.app.ports), or --batch 1"


def test_a_range_without_a_free_port_has_room_for_no_batch_at_all() -> None:
    (warning,) = found(publishing("3000-3001", batch=1))
    assert warning.help == "publish 3000-3002 (file:7 services.app.ports)"


@pytest.mark.parametrize("settings", [{"batch": 1}, {"order": "stop-first"}])
def test_who_starts_fewer_at_once_needs_fewer_ports(settings: dict[str, Any]) -> None:
    assert found(publishing("3000-3002", **settings)) == ()


def zoned(directive: str, scale: int) -> ServiceState:
    place = replace(wiring(1), upstream=Upstream("app", (), (directive,)))
    return state(PAIR, place, of=service(scale=scale))


@pytest.mark.parametrize(
    ("directive", "scale", "small"),
    [
        ("zone app 32k", 16, False),
        ("zone app 32k", 17, True),
        ("zone app 64K", 60, True),
        ("zone app 65536", 60, True),
        ("zone app 1m", 500, False),
        ("zone app", 500, False),
        ("keepalive 32", 500, False),
    ],
)
def test_a_zone_holds_only_so_many_servers(directive: str, scale: int, *, small: bool) -> None:
    assert bool(found(zoned(directive, scale))) is small


def test_a_small_zone_names_the_size_and_the_file() -> None:
    (warning,) = found(zoned("zone app 64k", 300))
    assert warning.help == "give it 616k in /etc/nginx/app.conf"
