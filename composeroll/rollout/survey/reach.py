"""Which networks a container is on, and whether a gateway could reach a service by them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from composeroll.config.project import Service
from composeroll.errors import Refused
from composeroll.model import Attachment, Replica

HOST = "host"
"""The engine's name for the host's own network, from and to which every other one is reached."""


def host_of(container: Replica, replicas: Sequence[Replica]) -> Replica | None:
    """The container whose network namespace this one lives in, None where it has its own."""
    kind, _, host = container.network_mode.partition(":")
    return next((r for r in replicas if kind == "container" and r.id == host), None)


def common_networks(
    gateway: Replica, service: Service, replicas: Sequence[Replica]
) -> tuple[Attachment, ...]:
    """The gateway's places on the service's networks.

    What counts is where the file puts its next containers, not where the present ones are.
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
    """The network for addresses: the one in use if there are several, else the first by name.

    Args:
        gateway: a container of the gateway.
        service: the one that it sends requests to.
        replicas: the service's.
        port: the one that they listen on.
        named: the addresses that nginx is told now.

    Raises:
        Refused: they have none in common.
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
    """The host's own network is named in no list: a container is on it, or on others."""
    on_host = [gateway.service] if any(p.network == HOST for p in gateway.networks) else []
    on_host += [service.name] if HOST in _networks(service, replicas) else []
    if not on_host:
        return f"name a network of {gateway.service} in services.{service.name}.networks"
    other = service.name if on_host[0] == gateway.service else gateway.service
    return (
        f"take `network_mode: host` out of services.{on_host[0]}, and name a network of {other} in"
        f" services.{on_host[0]}.networks; what clients are to reach needs `ports:` then"
    )


def may_reach(gateway: Replica, service: Service, replicas: Sequence[Replica]) -> bool:
    """False only where nothing leads there: no network in common, and no port of the host's."""
    theirs = _networks(service, replicas)
    if not theirs or HOST in theirs or any(replica.published for replica in replicas):
        return True  # without networks it lives in another container's
    on_host = any(place.network == HOST for place in gateway.networks)
    return on_host or bool(common_networks(gateway, service, replicas))


def _networks(service: Service, replicas: Sequence[Replica]) -> frozenset[str]:
    return frozenset(service.networks or (p.network for r in replicas for p in r.networks))
