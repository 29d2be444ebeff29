"""Checks on the replicas that the gateways' files name now, whoever wrote them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress

from composeroll.errors import EngineError, GatewayError, NotReady
from composeroll.model import Replica, Route, Upstream
from composeroll.model.upstream import host_of_address
from composeroll.nginx.include import parse_include
from composeroll.rollout.world import World


def upstreams_now(world: World, route: Route) -> Iterator[Upstream]:
    """Yield a service's upstream from each of its gateways; skip files that cannot be read."""
    for container in route.containers:
        with suppress(EngineError, GatewayError):
            if upstream := parse_include(world.gateways.read(container, route.include) or ""):
                yield upstream


def require_addresses(world: World, route: Route) -> None:
    """Check that no restarted gateway uses a name, which would include drained replicas too.

    A name that composeroll wrote is fine: a user's template may add one.

    Raises:
        NotReady: a gateway uses such a name.
    """
    untouched = all(world.gateways.untouched(c, route.include) for c in route.containers)
    if not untouched and any(upstream.names for upstream in upstreams_now(world, route)):
        what = "was restarted, and uses a name that includes the old replicas"
        raise NotReady(f"nginx in {route.gateway} {what}", help="run the same command again")


def require_unnamed(world: World, route: Route, leaving: Collection[Replica]) -> None:
    """Check that no leaving replica was restarted with an address that nginx names.

    Args:
        world: where they are.
        route: how requests reach their service.
        leaving: the replicas on their way out, as they were before.

    Raises:
        NotReady: nginx sends requests to one of them.
    """
    before = {replica.id: _hosts(replica) for replica in leaving}
    everyone = world.engine.replicas([replica.service for replica in leaving])
    now = [replica for replica in everyone if replica.id in before]
    if not any(_hosts(replica) - before[replica.id] for replica in now):
        return  # the usual case: no file has to be read
    upstreams = upstreams_now(world, route)
    named = {host_of_address(a) for upstream in upstreams for a in upstream.addresses}
    for replica in now:
        if _hosts(replica) & named:
            what = "was restarted, and now has an address that nginx sends requests to"
            raise NotReady(f"{replica.name} {what}", help="run the same command again")


def _hosts(replica: Replica) -> frozenset[str]:
    return frozenset(place.host for place in replica.networks if place.host)
