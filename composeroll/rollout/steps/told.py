"""What the files of gateways say now, whoever has written them, and whom that leads to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress

from composeroll.errors import EngineError, GatewayError, NotReady
from composeroll.model import Replica, Route, Upstream
from composeroll.model.upstream import host_of_address
from composeroll.nginx.include import parse_include
from composeroll.rollout.world import World


def told_now(world: World, route: Route) -> Iterator[Upstream]:
    """A service's upstream in each of its gateways; of a file that cannot be read, none."""
    for container in route.containers:
        with suppress(EngineError, GatewayError):
            if upstream := parse_include(world.gateways.read(container, route.include) or ""):
                yield upstream


def insist_on_addresses(world: World, route: Route) -> None:
    """A gateway that was restarted may begin with names, which mean what has drained, too.

    A name that it was told is none of those: a user's template may add one.

    Raises:
        NotReady: one has.
    """
    as_told = all(world.gateways.untouched(c, route.include) for c in route.containers)
    if not as_told and any(upstream.names for upstream in told_now(world, route)):
        what = "was restarted, and goes by a name that means the old replicas, too"
        raise NotReady(f"nginx in {route.gateway} {what}", help="run the same command again")


def insist_that_none_is_named(world: World, route: Route, leaving: Collection[Replica]) -> None:
    """A replica that was started again meanwhile may have the address of one that stays.

    Args:
        world: where they are.
        route: how requests reach their service.
        leaving: the replicas on their way out, as they were before.

    Raises:
        NotReady: nginx is told to send requests to one of them.
    """
    before = {replica.id: _hosts(replica) for replica in leaving}
    everyone = world.engine.replicas([replica.service for replica in leaving])
    now = [replica for replica in everyone if replica.id in before]
    if not any(_hosts(replica) - before[replica.id] for replica in now):
        return  # mostly so: no file has to be read
    named = {host_of_address(a) for upstream in told_now(world, route) for a in upstream.addresses}
    for replica in now:
        if _hosts(replica) & named:
            what = "was started again, and has an address by now that nginx sends requests to"
            raise NotReady(f"{replica.name} {what}", help="run the same command again")


def _hosts(replica: Replica) -> frozenset[str]:
    return frozenset(place.host for place in replica.networks if place.host)
