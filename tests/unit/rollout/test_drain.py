"""What a drain tells."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import GatewayError
from composeroll.model import Held
from composeroll.report.events import Event, Noted
from composeroll.rollout.steps import DrainReplicas, Incoming, Leaving
from composeroll.rollout.steps.drain import RESTART
from tests.unit.rollout.makers import replica, wiring

OLD, NEW = replica(1), replica(2)


@dataclass
class Drained:
    """A world in which an old worker holds always the same, and no event comes.

    Attributes:
        away: seconds in which nginx does not run.
        beside: another gateway, by full ID, that holds what leaves.
        falls: it ends between a look at its workers and one at what they hold.
    """

    holds: Held
    away: float = 0.0
    beside: str = ""
    falls: bool = False
    time: float = 0.0
    events: list[Event] = field(default_factory=list)

    def now(self) -> float:
        """The time."""
        return self.time

    def next(self, timeout: float) -> None:
        """No event."""
        self.time += timeout

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds

    def old_workers(self, services: Collection[str]) -> int:
        """One, as long as nginx runs; one that was restarted meanwhile has none."""
        assert set(services) == {"nginx", self.beside} - {""}
        if self.time < self.away:
            raise GatewayError("container nginx is not running")
        return int(not self.away)

    def _also_reaching(self, services: Collection[str], hosts: Collection[str]) -> frozenset[str]:
        assert (set(services), set(hosts)) == ({"nginx"}, {OLD.networks[0].ipv4})
        return frozenset({self.beside} - {""})

    def _held(self, services: Collection[str], _: Collection[str]) -> Held:
        if self.falls:
            self.falls, self.away = False, self.time + 3.0
            raise GatewayError("container nginx is not running")
        return self.holds if {*services} == {"nginx", self.beside} - {""} else Held()

    def drain(self) -> list[str]:
        """Drain, and say what was noted."""
        gateways = SimpleNamespace(
            old_workers=self.old_workers,
            also_reaching=self._also_reaching,
            held=self._held,
            connections_to=lambda *_: {},
        )
        engine = SimpleNamespace(replicas=lambda _: (NEW,))
        world = SimpleNamespace(
            gateways=gateways,
            engine=engine,
            proven={},
            drained=set(),
            clock=self,
            emit=self.events.append,
            events=lambda: nullcontext(self),
        )
        leaving = Leaving(Incoming("app", frozenset({OLD.id})), wiring(1).route, (OLD,))
        DrainReplicas((leaving,), 60.0).do(cast("Any", world))
        return [event.text for event in self.events if isinstance(event, Noted)]


@pytest.mark.parametrize(
    ("holds", "noted"),
    [
        (Held(1), []),
        (
            Held(1, elsewhere=frozenset({"1"})),
            ["1 connection to other services left to the old nginx worker"],
        ),
    ],
)
def test_what_a_drain_leaves_is_told_where_it_leaves_anything(
    holds: Held, noted: list[str]
) -> None:
    assert Drained(holds).drain() == noted


def test_another_gateway_that_holds_what_leaves_is_waited_for_as_long_as_the_budget_lasts() -> None:
    drained = Drained(Held(1, leaving=frozenset({"1"})), beside="b" * 64)
    assert drained.drain() == []
    assert drained.time == pytest.approx(60.0, abs=0.1)


def test_an_nginx_that_somebody_restarts_during_a_drain_is_waited_for() -> None:
    assert Drained(Held(), away=3.0).drain() == []


def test_so_is_one_that_ends_while_it_is_looked_at() -> None:
    drained = Drained(Held(1, waiting=1), falls=True)
    assert drained.drain() == []
    assert drained.time < RESTART


def test_an_nginx_that_stays_away_ends_the_drain_with_an_error() -> None:
    drained = Drained(Held(), away=3600.0)
    with pytest.raises(GatewayError, match="not running"):
        drained.drain()
    assert drained.time == pytest.approx(RESTART, abs=0.2)
