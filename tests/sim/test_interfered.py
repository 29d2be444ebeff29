"""The world, or an operator, moves at any moment of a rollout; the next one ends well.

The judge looks after every change.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sim.edge import NGINX
from tests.sim.effort import WHOLE
from tests.sim.images import SICK, SOUND, Behaviour
from tests.sim.interference import Move, Outside
from tests.sim.moments import moment
from tests.sim.runs import Moved, Run
from tests.sim.stacks import EXITING, STACKS, app, with_services
from tests.sim.world import Sim

GATEWAYS = frozenset({"gateway", "two gateways behind an edge", "gateway and its service"})


STEP = 101 if WHOLE else 997
"""Of all moves at all moments every so many-th is tried: primes, so that each comes at many."""

ENDS = 300
"""First and last moments that are tried: where there are more, a long wait lies between them."""

SICKNESS = {
    "sound": None,
    "never ready": SICK["never ready"],
    "dies soon": Behaviour(ready_after=0.0, dies_after=0.2),
}

CASES = [
    (stack, sickness)
    for stack in STACKS
    for sickness in SICKNESS
    if not (stack in GATEWAYS and sickness == "dies soon")  # past its line, and nobody is left
]

LONG = 200.0
"""Seconds until what drains, or crashes and is started again, has come to rest."""


def stack_with(stack: str, sickness: str) -> Sim:
    """One whose first service has an image that is well, or not."""
    sim = STACKS[stack]()
    first, *_ = with_services(sim)
    if behaviour := SICKNESS[sickness]:
        sim.images.push(first, f"{first}-sick", behaviour)
    return sim


def push_sound(sim: Sim, service: str) -> None:
    """An image that is well; that of a code container ends."""
    behaviour = EXITING if service.startswith("applications") else SOUND
    sim.images.push(service, f"{service}-sound", behaviour)


def moves(stack: str, sickness: str) -> Iterator[Moved]:
    """Some of the moves at some of the moments, and over all stacks at most of them."""
    whole = stack_with(stack, sickness)
    whole.do(Run(with_services(whole)))
    last = len(whole.faults.trace)
    numbers = [n for n in range(1, last + 1) if n <= ENDS or n > last - ENDS]
    every = [Moved(n, move, chance) for n in numbers for move in Move for chance in range(2)]
    yield from every[::STEP]


def follow_advice(sim: Sim) -> None:
    """Where somebody has removed the only nginx, a rollout is refused, and names compose's `up`."""
    if NGINX in sim.project.services and not any(box.running for box in sim.engine.of(NGINX)):
        Outside(sim).move(Move.UP, NGINX, 0)


@pytest.mark.parametrize(("stack", "sickness"), CASES)
def test_whatever_moves_at_whatever_moment_the_next_rollout_ends_well(
    stack: str, sickness: str
) -> None:
    for moved in moves(stack, sickness):
        sim = stack_with(stack, sickness)
        names = with_services(sim)
        sim.do(Run(names, moves=[moved]))
        for name in names:
            push_sound(sim, name)
        follow_advice(sim)
        for _ in ("to the end", "what has drained since"):
            sim.let_pass(LONG)
            assert sim.update(*names) in ("updated", "up to date"), (moved, sim.failure)
        assert sim.update(*names) == "up to date", (moved, sim.planned)
        assert not sim.locks.all


@pytest.mark.parametrize("chance", range(3))
def test_a_new_replica_that_falls_at_the_very_end_of_the_drain_is_seen(chance: int) -> None:
    """One look for whatever had begun meanwhile came after the last look at it."""
    retires = moment(app(2), "begin: retire")
    for number in range(retires - 9, retires):
        app(2).do(Run(("app",), moves=[Moved(number, Move.SWAP, chance)]))


@pytest.mark.parametrize("chance", range(4))
def test_a_batch_stops_nothing_that_has_the_address_of_one_that_stays(chance: int) -> None:
    """Two old ones were stopped and started in the other order, about when nginx was switched."""
    switched = moment(app(3, batch=1), "begin: point")
    for number in range(switched, switched + 10):
        app(3, batch=1).do(Run(("app",), moves=[Moved(number, Move.SWAP, chance)]))
