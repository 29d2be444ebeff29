"""Which networks a container is on, and whether a gateway can reach a service there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from composeroll.config.project import Service
from composeroll.errors import Refused
from composeroll.model import Attachment, Replica

HOST = "host"
"""The engine's name for the host's own network, which reaches every other network and back."""


def host_of(container: Replica, replicas: Sequence[Replica]) -> Replica | None:
    """Return the container whose network namespace this one shares, None if it has its own."""
    kind, _, host = container.network_mode.partition(":")
    return next((r for r in replicas if kind == "container" and r.id == host), None)


def common_networks(
    gateway: Replica, service: Service, replicas: Sequence[Replica]
) -> tuple[Attachment, ...]:
    """Return the gateway's attachments to the service's networks.

    The networks in the file count, where new containers will be, not those of the current ones.
    """
    theirs = _networks(service, replicas)
    return tuple(place for place in gateway.networks if place.network in theirs)


def shared_network(
    gateway: Replica,
    service: Service,
    replicas: Sequence[Replica],
    port: int,
    named: AbstractSet[str],
) -> Attachment:
    """Return the network for replica addresses: the one in use, else the first by name.

    Args:
        gateway: a container of the gateway.
        service: the service that it sends requests to.
        replicas: the service's containers.
        port: the port that they listen on.
        named: the addresses in the current upstream.

    Raises:
        Refused: gateway and service have no network in common.
    """
    common = common_networks(gateway, service, replicas)
    if not common:
        raise Refused(
            f"{service.name} and {gateway.service} are on no common network",
            "nothing was touched",
            _common_ground(gateway, service, replicas),
        )
    places = (place for replica in replicas for place in replica.networks)
    used = {place.network_id for place in places if f"{place.host}:{port}" in named}
    return min(common, key=lambda n: (n.network_id not in used, n.network))


def _common_ground(gateway: Replica, service: Service, replicas: Sequence[Replica]) -> str:
    """Return how to get a common network; the host's cannot be listed among `networks`."""
    on_host = [gateway.service] if any(p.network == HOST for p in gateway.networks) else []
    on_host += [service.name] if HOST in _networks(service, replicas) else []
    if not on_host:
        return f"name a network of {gateway.service} in services.{service.name}.networks"
    other = service.name if on_host[0] == gateway.service else gateway.service
    return (
        f"remove `network_mode: host` from services.{on_host[0]}, and name a network of {other} in"
        f" services.{on_host[0]}.networks; ports that clients use then need `ports:`"
    )


def may_reach(gateway: Replica, service: Service, replicas: Sequence[Replica]) -> bool:
    """Return False only if no route exists: no common network, and no published host port."""
    theirs = _networks(service, replicas)
    if not theirs or HOST in theirs or any(replica.published for replica in replicas):
        return True  # without networks it shares another container's
    on_host = any(place.network == HOST for place in gateway.networks)
    return on_host or bool(common_networks(gateway, service, replicas))


def _networks(service: Service, replicas: Sequence[Replica]) -> frozenset[str]:
    return frozenset(service.networks or (p.network for r in replicas for p in r.networks))
