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
        events: what was emitted, and when.
        gateways: the containers of the gateway; of those that were told, `g1` alone.
        serve: whether these take requests.
        edge: in whose network they live, if that is another container's.
        cut_off: whether it has left them behind.
        restarted: when `g1` is started again.
        untouched: whether it then has the include that it was told.
    """

    until: float
    counted: int | None = 3
    incoming: Callable[[float], Replica] = lambda _: COMES
    time: float = 0.0
    events: list[tuple[float, Event]] = field(default_factory=list)
    gateways: tuple[Replica, ...] = ()
    serve: bool = True
    edge: Replica | None = None
    cut_off: bool = False
    restarted: float = 3600.0
    untouched: bool = True

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
            untouched=lambda *_: self.untouched,
            also_reaching=lambda *_: frozenset(),
            held=lambda *_: Held(1, waiting=1),
            connections_to=lambda _, hosts: (
                {} if self.counted is None else dict.fromkeys(hosts, self.counted)
            ),
        )
        engine = SimpleNamespace(
            replicas=lambda names: tuple(
                r for r in (self.incoming(self.time), *self._now()) if r.service in names
            ),
            logs=lambda *_: (),
        )
        nginx = SimpleNamespace(
            serves=lambda _: self.serve,
            find=lambda _: self.edge,
            cut_off=lambda *_: self.cut_off,
        )
        world = SimpleNamespace(
            gateways=gateways,
            engine=engine,
            nginx=nginx,
            proven={},
            drained=set(),
            clock=self,
            emit=lambda event: self.events.append((self.time, event)),
            events=lambda: nullcontext(self),
        )
        leaving = Leaving(Incoming("app", frozenset({GOES.id})), wiring(1).route, (GOES,))
        DrainReplicas((leaving,), timeout).do(cast("Any", world))

    def _now(self) -> tuple[Replica, ...]:
        again = {"g1": "2026-11-22T12:00:01Z"} if self.time >= self.restarted else {}
        return tuple(replace(r, started_at=again.get(r.id, r.started_at)) for r in self.gateways)

    @property
    def counts(self) -> list[tuple[float, Draining]]:
        """The events about connections."""
        return [(at, event) for at, event in self.events if isinstance(event, Draining)]

    @property
    def warned(self) -> list[str]:
        """What was warned of."""
        return [event.text for _, event in self.events if isinstance(event, Warned)]


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
    assert drained.warned == [f"after 1s 1 old nginx worker is still running; {said}"]
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


TOLD = replace(replica(8, of="nginx"), id="g1", started_at="2026-11-22T12:00:00Z")
JOINED = replica(9, of="nginx")
IN_EDGE = replace(JOINED, network_mode="container:e")
EDGE = replica(7, of="edge")


def test_an_nginx_that_began_meanwhile_and_was_told_nothing_is_a_reason_to_go_back() -> None:
    """It may know the old replicas alone, which go next."""
    for gateways in ((TOLD, JOINED), (JOINED,)):
        with pytest.raises(NotReady, match="shop-nginx-9 began to take requests"):
            Drained(until=1.0, gateways=gateways).drain(60.0)
    with pytest.raises(NotReady):
        Drained(until=1.0, gateways=(TOLD, IN_EDGE), edge=EDGE).drain(60.0)


def test_an_nginx_that_was_started_again_with_another_include_may_lead_to_the_old_ones() -> None:
    """Its image writes a name there at each start, which means them too."""
    with pytest.raises(NotReady, match="shop-nginx-8 was restarted during the drain"):
        Drained(until=5.0, gateways=(TOLD,), restarted=1.0, untouched=False).drain(60.0)


@pytest.mark.parametrize(
    "drained",
    [
        Drained(until=1.0, gateways=(TOLD,)),
        Drained(until=5.0, gateways=(TOLD,), restarted=1.0),
        Drained(until=1.0, gateways=(TOLD, JOINED), serve=False),
        Drained(until=1.0, gateways=(TOLD, replace(JOINED, state=ContainerState.CREATED))),
        Drained(until=1.0, gateways=(TOLD, IN_EDGE)),
        Drained(until=1.0, gateways=(TOLD, IN_EDGE), edge=EDGE, cut_off=True),
    ],
)
def test_one_that_takes_no_requests_is_none(drained: Drained) -> None:
    """Such as one that quits, that has not begun, or that no client reaches."""
    drained.drain(60.0)
