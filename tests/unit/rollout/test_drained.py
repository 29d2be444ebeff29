"""A drain while it lasts: what is told of the connections, and who is still watched at its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import NotReady
from composeroll.model import ContainerState, Held, Replica
from composeroll.report.events import Draining, Event, Warned
from composeroll.rollout.steps import DrainReplicas, Incoming, Leaving
from tests.unit.rollout.makers import NEW, replica, wiring

GOES, COMES = replica(1), replica(2, NEW)


@dataclass
class Drained:
    """A world whose old workers wait for the replica that goes, until some time.

    Attributes:
        until: when they are gone.
        counted: connections to the replica that goes; None where nobody can count them.
        told: what was told, and when.
    """

    until: float
    counted: int | None = 3
    incoming: Callable[[float], Replica] = lambda _: COMES
    time: float = 0.0
    told: list[tuple[float, Event]] = field(default_factory=list)

    def now(self) -> float:
        """The time."""
        return self.time

    def next(self, timeout: float) -> None:
        """No event."""
        self.time += timeout

    def drain(self, timeout: float) -> None:
        """Drain it."""
        gateways = SimpleNamespace(
            old_workers=lambda _: 1 if self.time < self.until else 0,
            held=lambda *_: Held(1, waiting=1),
            connections_to=lambda _, hosts: (
                {} if self.counted is None else dict.fromkeys(hosts, self.counted)
            ),
        )
        engine = SimpleNamespace(replicas=lambda _: (self.incoming(self.time),), logs=lambda *_: ())
        world = SimpleNamespace(
            gateways=gateways,
            engine=engine,
            proven={},
            clock=self,
            emit=lambda event: self.told.append((self.time, event)),
            events=lambda: nullcontext(self),
        )
        leaving = Leaving(Incoming("app", frozenset({GOES.id})), wiring(1).route, (GOES,))
        DrainReplicas((leaving,), timeout).do(cast("Any", world))

    @property
    def counts(self) -> list[tuple[float, Draining]]:
        """What was told of connections."""
        return [(at, event) for at, event in self.told if isinstance(event, Draining)]

    @property
    def warned(self) -> list[str]:
        """What was warned of."""
        return [event.text for _, event in self.told if isinstance(event, Warned)]


def test_open_connections_are_told_every_two_seconds_and_at_last_that_there_are_none() -> None:
    drained = Drained(until=5.0)
    drained.drain(60.0)
    (first, count), (second, _), (last, none) = drained.counts
    assert count == Draining(1, (("shop-app-1", 3),))
    assert none == Draining(0)
    assert [first, second, last] == pytest.approx([2.0, 4.0, 5.0], abs=0.3)
    assert drained.warned == []


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (3, "open connections: 3 to shop-app-1"),
        (None, "connections could not be counted"),
    ],
)
def test_a_drain_that_ends_too_early_says_what_it_cuts(counted: int | None, said: str) -> None:
    drained = Drained(until=60.0, counted=counted)
    drained.drain(1.0)
    assert drained.warned == [f"after 1s 1 old nginx worker still lives; {said}"]
    connections = () if counted is None else (("shop-app-1", counted),)
    ((at, count),) = drained.counts
    assert at == pytest.approx(1.0)
    assert count == Draining(1, connections)


def test_a_new_replica_that_dies_as_the_drain_ends_is_noticed_before_the_old_go() -> None:
    """Its event may come a moment later."""

    def dies(time: float) -> Replica:
        return replace(COMES, state=ContainerState.EXITED, exit_code=3) if time >= 1.0 else COMES

    with pytest.raises(NotReady, match="shop-app-2 exited with code 3"):
        Drained(until=1.0, incoming=dies).drain(60.0)
