"""Gateways that have come since the plan was made, and were told nothing."""

from __future__ import annotations

from collections.abc import Collection

from composeroll.errors import NotReady
from composeroll.model import Replica, Route
from composeroll.rollout.world import World


def insist_that_none_joined(world: World, routes: Collection[Route]) -> None:
    """Nothing goes while an nginx may send requests there that began after the plan was made.

    It goes by what stood in its image or its volumes, or by a name, which meant the old ones too.

    Raises:
        NotReady: there is one.
    """
    told = {container for route in routes for container in route.containers}
    gateways = {route.gateway for route in routes}
    for replica in world.engine.replicas(sorted(gateways)):
        untold = replica.running and replica.id not in told
        if replica.service in gateways and untold and _serves(world, replica):
            raise NotReady(
                f"{replica.name} began to take requests during the rollout, and was told nothing",
                help="run the same command again: it tells all of them",
            )


def _serves(world: World, replica: Replica) -> bool:
    """Whether it takes requests, and clients reach it: not one that its edge has left behind."""
    kind, _, host = replica.network_mode.partition(":")
    edge = world.nginx.find(host) if kind == "container" else None
    lost = kind == "container" and (edge is None or world.nginx.cut_off(replica, edge))
    return not lost and world.nginx.serves(replica)
