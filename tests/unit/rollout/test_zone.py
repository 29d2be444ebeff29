"""A shared memory zone that does not hold as many servers as there may be."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Finding, Upstream
from composeroll.rollout.checks.zone import zone_findings
from composeroll.rollout.observing.observed import ServiceState
from tests.unit.rollout.makers import replica, service, state, wiring

PAIR = [replica(1), replica(2)]


def found(one: ServiceState) -> tuple[Finding, ...]:
    return tuple(zone_findings(one))


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
