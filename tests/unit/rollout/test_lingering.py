"""A drain ends early only where nothing can reach a leaving replica, and goes on doing so."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

from composeroll.model import Held
from composeroll.rollout.steps.lingering import AGREE, FIRST, SETTLED, Lingering
from composeroll.rollout.world import World
from tests.unit.rollout.makers import replica

WEBSOCKETS = Held(1, elsewhere=frozenset({"1", "2"}))
LATEST = 30.0


@dataclass
class Time:
    """A clock, and what the old workers hold from which second on."""

    story: dict[float, Held]
    time: float = 0.0
    looks: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Seconds so far."""
        return self.time

    def held(self, services: list[str], leaving: frozenset[str]) -> Held:
        """What they hold now."""
        assert services == ["nginx"]
        assert leaving == {"10.0.0.1"}
        self.looks.append(self.time)
        return next(held for since, held in reversed(self.story.items()) if since <= self.time)


def ends_at(story: dict[float, Held], cut_after: float | None = None) -> float | None:
    """When the drain would end, None where it does not in half a minute."""
    time = Time(story)
    world = cast("World", SimpleNamespace(clock=time, gateways=time))
    lingering = Lingering(world, ["nginx"], [replica(1)], cut_after)
    while time.time < LATEST:
        if lingering.may_be_left():
            return time.time
        time.time += 0.1
    return None


def test_websockets_of_others_end_it_once_they_have_proved_to_last() -> None:
    end = ends_at({0.0: WEBSOCKETS})
    assert end
    assert FIRST + SETTLED <= end < FIRST + SETTLED + 1


def test_the_first_second_costs_no_look() -> None:
    time = Time({0.0: WEBSOCKETS})
    lingering = Lingering(
        cast("World", SimpleNamespace(clock=time, gateways=time)), ["nginx"], [replica(1)]
    )
    assert not lingering.may_be_left()
    assert not time.looks


def test_looks_are_half_a_second_apart_and_rarer_the_longer_a_drain_lasts() -> None:
    """Each runs a shell in the gateway. What the clock said before the drain means nothing."""
    began = 1000.0
    time = Time({0.0: Held(1, waiting=1)}, began)
    lingering = Lingering(
        cast("World", SimpleNamespace(clock=time, gateways=time)), ["nginx"], [replica(1)]
    )
    while time.time < began + 300.0:
        assert not lingering.may_be_left()
        time.time += 0.1
    early, late = (
        [at for at in time.looks if began + since <= at < began + since + 20.0]
        for since in (0.0, 280.0)
    )
    assert 30 <= len(early) <= 40
    assert 3 <= len(late) <= 4


def test_two_looks_that_agree_follow_each_other_closely() -> None:
    end = ends_at({0.0: Held(1)})
    assert end
    assert end <= FIRST + AGREE + 0.2


def test_it_waits_for_clients_that_may_still_ask_and_for_its_own_connections() -> None:
    for held in (
        Held(1, WEBSOCKETS.elsewhere, WEBSOCKETS.elsewhere),
        Held(1, elsewhere=WEBSOCKETS.elsewhere, waiting=1),
        Held(1, elsewhere=WEBSOCKETS.elsewhere, unknown="no shell"),
    ):
        assert ends_at({0.0: held}) is None
        end = ends_at({0.0: held, 12.0: WEBSOCKETS})
        assert end
        assert end >= 12.0


def test_one_look_is_not_enough() -> None:
    flickers = {0.0: WEBSOCKETS, 6.4: Held(1, waiting=1), 6.6: WEBSOCKETS}
    once = {0.0: Held(1, WEBSOCKETS.elsewhere), 9.0: WEBSOCKETS, 9.2: Held(1, waiting=1)}
    assert ends_at(once) is None
    assert 6.6 < (ends_at(flickers) or 0) < LATEST
    assert (ends_at({0.0: Held(1)}) or 0) >= FIRST + AGREE


def test_a_new_connection_elsewhere_has_to_last_too() -> None:
    end = ends_at({0.0: WEBSOCKETS, 5.0: Held(1, elsewhere=frozenset({"1", "2", "3"}))})
    assert end
    assert end >= 5.0 + SETTLED


def test_it_is_told_how_many_go_on_and_where() -> None:
    time = Time({0.0: WEBSOCKETS}, time=FIRST)
    lingering = Lingering(
        cast("World", SimpleNamespace(clock=time, gateways=time)), ["nginx"], [replica(1)]
    )
    time.time += FIRST
    lingering.may_be_left()
    assert str(lingering) == "2 connections to other services left to the old nginx worker"


OWN = Held(1, leaving=frozenset({"1", "2"}))


def test_own_connections_are_cut_only_when_all_of_them_are_long() -> None:
    assert ends_at({0.0: OWN}) is None
    end = ends_at({0.0: OWN}, cut_after=10.0)
    assert end
    assert FIRST + 10 <= end < FIRST + 12
    young = Held(1, leaving=frozenset({"1", "2", "3"}))
    late = ends_at({0.0: OWN, 8.0: young, 12.0: OWN}, cut_after=10.0)
    assert late
    assert late >= 12.0


def test_cutting_waits_for_clients_that_may_still_ask() -> None:
    half_sent = Held(1, leaving=OWN.leaving, waiting=1)
    end = ends_at({0.0: half_sent, 20.0: OWN}, cut_after=1.0)
    assert end
    assert end >= 20.0


def test_it_is_told_how_many_are_cut() -> None:
    time = Time({0.0: Held(2, OWN.leaving, WEBSOCKETS.elsewhere)}, time=FIRST)
    world = cast("World", SimpleNamespace(clock=time, gateways=time))
    lingering = Lingering(world, ["nginx"], [replica(1)], 10.0)
    time.time += FIRST
    lingering.may_be_left()
    assert str(lingering) == (
        "2 connections open for 10s cut, 2 connections to other services left to old nginx workers"
    )
