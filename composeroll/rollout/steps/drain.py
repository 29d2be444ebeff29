"""Let the old replicas finish the requests they have."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from composeroll.config.durations import format_duration
from composeroll.errors import GatewayError
from composeroll.model import Replica, Route
from composeroll.report.events import Draining, Noted, Warned
from composeroll.rollout.steps.guard import Guard
from composeroll.rollout.steps.joined import require_all_reached, starts_of
from composeroll.rollout.steps.lingering import Lingering, waited_for
from composeroll.rollout.steps.named import require_unnamed
from composeroll.rollout.steps.sets import Incoming, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World

POLL = 0.1
"""Seconds between two checks of nginx's workers; one check costs the engine about 30 ms."""

SOONEST = 0.02
"""Seconds between the first checks: a worker without connections ends within milliseconds."""

EAGERNESS = 4
"""Divisor: up to `POLL`, a pause is the elapsed time of the drain divided by this."""

LATENESS = 20
"""Divisor: a long drain's end is seen late by at most its duration divided by this."""

SLOWEST_POLL = 1.0
"""Seconds between two checks, at most, in a drain of hours."""

RESTART = 10.0
"""Seconds for an nginx that is being restarted to run again."""

RECOUNT = 2.0
"""Seconds between two counts of connections, each of which runs `cat` in the gateway."""


class Leaving(Struct, frozen=True):
    """The replicas of one service that are drained, and the new ones that have taken over."""

    incoming: Incoming
    route: Route
    replicas: tuple[Replica, ...]


class DrainReplicas(Step, frozen=True):
    """Wait until no nginx worker is left through which a request could reach the old replicas.

    Counting their connections is not enough: with none established, a half-sent request and an idle
    client could still reach the old replica through an old worker.

    Attributes:
        timeout: seconds, at most.
        cut_after: seconds after which a connection is no longer waited for; None to wait for all.
    """

    leaving: tuple[Leaving, ...]
    timeout: float
    cut_after: float | None = None

    def __str__(self) -> str:
        replicas = names([r for one in self.leaving for r in one.replicas])
        cut = self.cut_after
        long = "" if cut is None else f", not for connections open for {format_duration(cut)}"
        return f"drain {replicas} for up to {format_duration(self.timeout)}{long}"

    def do(self, world: World) -> None:
        """Wait, up to `timeout`; a new replica that fails in that time causes a rollback.

        Raises:
            NotReady: a new replica died, was restarted or turned unhealthy while the old ones could
                still take over; or an nginx started that may know only the old ones.
        """
        routes = [one.route for one in self.leaving]
        starts = starts_of(world, routes)
        with world.events() as events:
            guard = Guard(world, [one.incoming for one in self.leaving if one.incoming.least])
            leaving = [r for one in self.leaving for r in one.replicas]
            gateways = waited_for(world, {route.gateway for route in routes}, leaving)
            lingering = Lingering(world, gateways, leaving, self.cut_after)
            began = world.clock.now()
            end, recount = began + self.timeout, began + RECOUNT
            while workers := _old_workers(world, gateways):
                if lingering.may_be_left():
                    if text := str(lingering):
                        world.emit(Noted(text))
                    break
                now = world.clock.now()
                if now >= end:
                    held = self._connections(world, gateways)
                    _report_unfinished(world, self.timeout, workers, held, lingering.held.unknown)
                    break
                if now >= recount:
                    held = self._connections(world, gateways)
                    world.emit(Draining(workers, tuple(held.items())))
                    recount = now + RECOUNT
                # checking workers causes events too, so they must not trigger a check
                guard.heed_until(events, min(now + _pause(now - began), end))
            else:
                world.emit(Draining(0))
            require_all_reached(world, routes, starts)
            for one in self.leaving:
                require_unnamed(world, one.route, one.replicas)
            guard.look()  # last of all: the old replicas can no longer take over after this
        world.drained.update(replica.id for replica in leaving)

    def undo(self, world: World) -> None:
        """Count them as serving again; undoing the earlier steps tells nginx."""
        world.drained.difference_update(r.id for one in self.leaving for r in one.replicas)

    def _connections(self, world: World, gateways: Collection[str]) -> Mapping[str, int]:
        named = {one.route.address(r): r.name for one in self.leaving for r in one.replicas}
        addresses = [address for address in named if address]
        counted = world.gateways.connections_to(gateways, addresses)
        return {named[address]: number for address, number in counted.items()}


class DrainFirst(DrainReplicas, frozen=True):
    """Drain replicas that stop before new ones start, while other replicas serve."""


def _report_unfinished(
    world: World, timeout: float, workers: int, held: Mapping[str, int], unknown: str
) -> None:
    world.emit(Draining(workers, tuple(held.items())))
    counts = ", ".join(f"{number} to {name}" for name, number in held.items())
    waited = format_duration(timeout)
    open_ = f"open connections: {counts}" if counts else "connections could not be counted"
    said = (f"after {waited} {still_living(workers)}", open_, unknown)
    world.emit(Warned("; ".join(filter(None, said))))


def _old_workers(world: World, gateways: Collection[str]) -> int:
    """Return how many there are; retry while an nginx is being restarted."""
    end = world.clock.now() + RESTART
    while True:
        try:
            return world.gateways.old_workers(gateways)
        except GatewayError:
            if world.clock.now() >= end:
                raise
            world.clock.wait(POLL)


def _pause(elapsed: float) -> float:
    soon = min(max(SOONEST, elapsed / EAGERNESS), POLL)
    return min(max(soon, elapsed / LATENESS), SLOWEST_POLL)


def await_old_workers_gone(
    world: World,
    gateways: Collection[str],
    timeout: float,
    leaving: Collection[Replica] = (),
) -> None:
    """Wait until the workers from before the last reload are gone, or warn that they are not.

    Workers whose connections can no longer reach a replica in `leaving` may stay.

    Args:
        world: where nginx is.
        gateways: the services whose nginx is waited for.
        timeout: seconds, at most.
        leaving: the replicas that go next.
    """
    end = world.clock.now() + timeout
    lingering = Lingering(world, gateways, leaving)
    while (workers := world.gateways.old_workers(gateways)) and not lingering.may_be_left():
        if world.clock.now() >= end:
            waited = format_duration(timeout)
            world.emit(Warned(f"after {waited} {still_living(workers)}"))
            return
        world.clock.wait(POLL)


def still_living(workers: int) -> str:
    """Return how many old workers there are, as a sentence."""
    if workers == 1:
        return "1 old nginx worker is still running"
    return f"{workers} old nginx workers are still running"
