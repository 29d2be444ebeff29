"""Gateways that began while a rollout was at work, and go by something else than they were told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from composeroll.errors import ComposerollError, Interrupted, NotReady
from composeroll.model import Replica, Route
from composeroll.rollout.world import World

AGAIN = "run the same command again: it tells all of them"


def starts_of(world: World, routes: Collection[Route]) -> Mapping[str, str]:
    """When each container of these gateways was last started, by full ID."""
    return {replica.id: replica.started_at for replica in _gateways(world, routes)}


def insist_on_all_told(
    world: World, routes: Collection[Route], starts: Mapping[str, str] | None = None
) -> None:
    """Nothing goes while an nginx may send requests there that began after it was switched away.

    It goes by what stands in its image or its volumes, or by a name, which means the old ones too.

    Args:
        world: where nginx is.
        routes: the way to each service that is rolled.
        starts: what `starts_of` told before.

    Raises:
        NotReady: there is one.
    """
    for replica in joined(world, routes):
        later = starts and replica.started_at != starts.get(replica.id)
        if not (later and _has_what_others_were_told(world, routes, replica)):
            what = "began to take requests during the rollout, and was told nothing"
            raise NotReady(f"{replica.name} {what}", help=AGAIN)
    for replica in _gateways(world, routes):
        again = starts and replica.started_at != starts.get(replica.id, replica.started_at)
        if replica.running and again:
            _insist_on_its_files(world, routes, replica)


def joined(world: World, routes: Collection[Route]) -> Iterator[Replica]:
    """What takes requests beside the gateways that were told."""
    told = {container for route in routes for container in route.containers}
    for replica in _gateways(world, routes):
        if replica.running and replica.id not in told and _serves(world, replica):
            yield replica


def _has_what_others_were_told(world: World, routes: Collection[Route], replica: Replica) -> bool:
    """As where all of them mount one directory, and it began after that was written."""
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


def _insist_on_its_files(world: World, routes: Collection[Route], replica: Replica) -> None:
    """One that was only started again begins with what it was told, if its image lets it."""
    includes = [route.include for route in routes if replica.id in route.containers]
    if not all(world.gateways.untouched(replica.id, include) for include in includes):
        what = "was started again during the drain, and not with what it was told"
        raise NotReady(f"{replica.name} {what}", help=AGAIN)


def _gateways(world: World, routes: Collection[Route]) -> tuple[Replica, ...]:
    services = {route.gateway for route in routes}
    replicas = world.engine.replicas(sorted(services))
    return tuple(replica for replica in replicas if replica.service in services)


def _serves(world: World, replica: Replica) -> bool:
    """Whether it takes requests, and clients reach it: not one that its edge has left behind."""
    kind, _, host = replica.network_mode.partition(":")
    edge = world.nginx.find(host) if kind == "container" else None
    lost = kind == "container" and (edge is None or world.nginx.cut_off(replica, edge))
    return not lost and world.nginx.serves(replica)
