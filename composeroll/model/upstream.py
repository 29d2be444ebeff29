"""Where nginx sends requests: upstreams, their servers, and the routes to services."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from composeroll.model.container import Replica


class Protocol(StrEnum):
    """How nginx speaks to a service, from the `*_pass` directive that names its upstream.

    UDP if every `listen` around it is `udp`, as for a DNS server in the `stream` block.
    """

    HTTP = "http"
    FASTCGI = "fastcgi"
    UWSGI = "uwsgi"
    GRPC = "grpc"
    TCP = "tcp"
    UDP = "udp"


class Server(Struct, frozen=True):
    """One `server` line of an upstream.

    Attributes:
        address: `host:port`, IPv6 in brackets, as nginx reads it.
        parameters: the parameters after it, verbatim (`weight=2`, `max_fails=3`, `backup`).
        comment: the comment after it; composeroll writes the container's name and short ID.
    """

    address: str
    parameters: tuple[str, ...] = ()
    comment: str = ""


class Upstream(Struct, frozen=True):
    """An nginx upstream block.

    Attributes:
        directives: everything in the block except `server` lines, verbatim and in order
            (`zone backend 256k`, `keepalive 32`), without the semicolon.
    """

    name: str
    servers: tuple[Server, ...] = ()
    directives: tuple[str, ...] = ()

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses that the upstream names."""
        return frozenset(server.address for server in self.servers)

    @property
    def names(self) -> tuple[str, ...]:
        """The servers given by a name: all containers with that name in DNS get requests."""
        return tuple(s.address for s in self.servers if not _is_ip(s.address))

    @property
    def resolves(self) -> bool:
        """Whether nginx resolves a name repeatedly; it has no address until the first answer."""
        return any("resolve" in server.parameters for server in self.servers)


class Route(Struct, frozen=True):
    """How requests reach a service: the gateway's containers, upstream, include and port.

    Attributes:
        gateway: the compose service that runs nginx.
        containers: full IDs of its running containers, all of which are switched.
        upstream: the name of the upstream.
        include: absolute path, inside the gateway, of the file that only has this upstream.
        network_id: the network that gateway and replicas share, by NetworkID.
        template: path on this machine of the user's own Jinja2 template, or None.
        tls: whether nginx uses TLS to the replicas.
    """

    gateway: str
    containers: tuple[str, ...]
    upstream: str
    include: str
    port: int
    protocol: Protocol
    network_id: str
    template: str | None = None
    tls: bool = False

    def address(self, replica: Replica) -> str:
        """Return the `host:port` of a replica on the shared network, empty if it has none there."""
        place = replica.attached_to(self.network_id)
        return f"{place.host}:{self.port}" if place and place.host else ""

    def named_by(self, upstream: Upstream, replica: Replica) -> str:
        """Return the address by which an upstream names a replica, empty if it does not.

        If port or network change in the compose file, they apply to new replicas only: the old ones
        keep their address.
        """
        if (usual := self.address(replica)) in upstream.addresses:
            return usual
        hosts = {place.host for place in replica.networks} - {""}
        found = (a for a in sorted(upstream.addresses) if a.rpartition(":")[0] in hosts)
        return next(found, "")

    def as_known_to(self, upstream: Upstream, replicas: Collection[Replica]) -> Route:
        """Return the route with the port and the network by which an upstream names the replicas.

        It is this route if the upstream names none of them at another address.
        """
        places = {p.host: p.network_id for r in replicas for p in r.networks if p.host}
        usual = [s.address for s in upstream.servers if not {"backup", "down"} & {*s.parameters}]
        here = {self.address(replica) for replica in replicas}
        elsewhere = (a for a in usual if a not in here and a.rpartition(":")[0] in places)
        for address in (*elsewhere, *(a for a in usual if a in upstream.names)):
            host, _, port = address.rpartition(":")
            if port.isdecimal():
                network = places.get(host, self.network_id)
                return replace(self, port=int(port), network_id=network)
        return self


def host_of_address(address: str) -> str:
    """Return the host of `host:port`, an IPv6 address without brackets."""
    return address.rpartition(":")[0].strip("[]")


def _is_ip(server: str) -> bool:
    try:
        ip_address(host_of_address(server))
    except ValueError:
        return False
    return True
