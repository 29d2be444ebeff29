"""Gateways that started during a rollout, with a configuration that it did not write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from composeroll.errors import ComposerollError, Interrupted, NotReady
from composeroll.model import Replica, Route
from composeroll.rollout.world import World

AGAIN = "run the same command again: it updates all gateways"


def starts_of(world: World, routes: Collection[Route]) -> Mapping[str, str]:
    """Return when each container of these gateways was last started, by full ID."""
    return {replica.id: replica.started_at for replica in _gateways(world, routes)}


def require_all_reached(
    world: World, routes: Collection[Route], starts: Mapping[str, str] | None = None
) -> None:
    """Check that no nginx which started during the rollout may send requests to old replicas.

    Such an nginx uses the include in its image or its volumes, or a name, which includes the old
    replicas.

    Args:
        world: where nginx is.
        routes: the route to each service that is rolled.
        starts: what `starts_of` returned before.

    Raises:
        NotReady: there is such an nginx.
    """
    for replica in joined(world, routes):
        later = starts and replica.started_at != starts.get(replica.id)
        if not (later and _has_the_same_includes(world, routes, replica)):
            what = "began to take requests during the rollout, and has no current upstreams"
            raise NotReady(f"{replica.name} {what}", help=AGAIN)
    for replica in _gateways(world, routes):
        again = starts and replica.started_at != starts.get(replica.id, replica.started_at)
        if replica.running and again:
            _require_its_files(world, routes, replica)


def joined(world: World, routes: Collection[Route]) -> Iterator[Replica]:
    """Yield the gateways that take requests and that the rollout has not switched."""
    reached = {container for route in routes for container in route.containers}
    for replica in _gateways(world, routes):
        if replica.running and replica.id not in reached and _serves(world, replica):
            yield replica


def _has_the_same_includes(world: World, routes: Collection[Route], replica: Replica) -> bool:
    """Return whether it has the same includes, for example in a directory that all mount."""
    try:
        files = world.nginx.configuration(replica).files
        return all(
            files.get(route.include) == world.gateways.read(container, route.include)
            for route in routes
            if route.gateway == replica.service
            for container in route.containers
        )
    except Interrupted:
        raise
    except ComposerollError:
        return False


def _require_its_files(world: World, routes: Collection[Route], replica: Replica) -> None:
    """Check that a restarted gateway has the include of this rollout: its image may rewrite it."""
    includes = [route.include for route in routes if replica.id in route.containers]
    if not all(world.gateways.untouched(replica.id, include) for include in includes):
        what = "was restarted during the drain, without the current upstreams"
        raise NotReady(f"{replica.name} {what}", help=AGAIN)


def _gateways(world: World, routes: Collection[Route]) -> tuple[Replica, ...]:
    services = {route.gateway for route in routes}
    replicas = world.engine.replicas(sorted(services))
    return tuple(replica for replica in replicas if replica.service in services)


def _serves(world: World, replica: Replica) -> bool:
    """Whether it takes requests and clients reach it, which needs the network of its edge."""
    kind, _, host = replica.network_mode.partition(":")
    edge = world.nginx.find(host) if kind == "container" else None
    lost = kind == "container" and (edge is None or world.nginx.cut_off(replica, edge))
    return not lost and world.nginx.serves(replica)
