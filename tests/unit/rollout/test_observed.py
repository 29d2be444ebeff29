"""What can be read off one look at a service and its place in the gateways."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Server, Upstream
from composeroll.rollout.observing.observed import Wiring
from composeroll.rollout.planning.need import Need
from tests.unit.rollout.makers import NEW, replica, state, wiring

BOTH = (replica(1, NEW), replica(2, NEW))


def by_gateway(*each: tuple[int, ...]) -> Wiring:
    """Gateways that were told of replicas of these numbers; together of both."""
    upstreams = tuple(
        Upstream("app", tuple(Server(f"10.0.0.{number}:80") for number in numbers))
        for numbers in each
    )
    return replace(wiring(1, 2, gateways=("g1", "g2")), by_gateway=upstreams)


@pytest.mark.parametrize(
    ("each", "misled"), [([(1, 2), (1, 2)], False), ([(1, 2), (1,)], True), ([(1,), (2,)], True)]
)
def test_a_gateway_that_was_told_less_than_the_other_is_told_again(
    each: list[tuple[int, ...]], *, misled: bool
) -> None:
    """As one that was made anew meanwhile, though together they name all there are."""
    assert Need.of(state(BOTH, by_gateway(*each)), {}).misled == misled
