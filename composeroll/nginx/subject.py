"""The service whose place in the gateway is looked for, and the names it may go by there."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

from composeroll.model import Protocol, Replica, Server
from composeroll.nginx.upstreams import host_and_port


class Wanted(Struct, frozen=True):
    """What the settings say themselves; None is found out."""

    upstream: str | None = None
    include: str | None = None
    port: int | None = None
    protocol: Protocol | None = None


class Subject(Struct, frozen=True):
    """One service of a project.

    Attributes:
        replicas: its containers, whatever their state.
        others: all other containers of the project, so that theirs is not taken for its.
    """

    project: str
    service: str
    replicas: tuple[Replica, ...] = ()
    others: tuple[Replica, ...] = ()

    @property
    def exposed(self) -> tuple[int, ...]:
        """The ports its replicas expose, ascending."""
        return tuple(sorted({port for replica in self.replicas for port in replica.exposed}))

    @property
    def addresses(self) -> frozenset[str]:
        """Its replicas' bare addresses on all networks."""
        return addresses(self.replicas)

    def named(self, host: str) -> bool:
        """Whether a host name means this service: in DNS, or as a container's name of any age."""
        return host in {self.service, *_aliases(self.replicas)} or self._numbered(host)

    def owns(self, server: Server) -> bool:
        """Whether a server is its own: by name, by an address of now, or by the comment there."""
        host, _ = host_and_port(server.address)
        word = server.comment.partition(" ")[0]
        return host in self.addresses or self.named(host) or self.named(word)

    def of_others(self, host: str, port: int | None) -> bool:
        """Whether a server is another service's: by name, or by an address with a fitting port."""
        return any(
            host in {replica.service, *_aliases((replica,))}
            or (host in addresses((replica,)) and _may_listen(replica, port))
            for replica in self.others
        )

    def may_have_had(self, host: str) -> bool:
        """Whether this is an address that its networks give: one of its replicas may have had it.

        Where none of them tells its subnet any private address may be.
        """
        try:
            address = ip_address(host)
        except ValueError:
            return False
        if address.is_loopback:
            return False
        subnets = self._subnets
        return any(address in subnet for subnet in subnets) if subnets else address.is_private

    def rivals(self, port: int) -> tuple[str, ...]:
        """Other services that expose `port` too."""
        found = {r.service for r in self.others if port in r.exposed}
        return tuple(sorted(found - {self.service}))

    @property
    def _subnets(self) -> frozenset[IPv4Network | IPv6Network]:
        """A replica that is down tells none, so whoever else is on its networks is asked too."""
        mine = {place.network for replica in self.replicas for place in replica.networks}
        places = (place for r in (*self.replicas, *self.others) for place in r.networks)
        told = {subnet for place in places if place.network in mine for subnet in place.subnets}
        return frozenset(ip_network(subnet, strict=False) for subnet in told)

    def _numbered(self, host: str) -> bool:
        """`project-service-1`, or `project_service_1` as Compose v1 had it."""
        return any(
            host.startswith(stem) and host[len(stem) :].isdecimal()
            for stem in (f"{self.project}{mark}{self.service}{mark}" for mark in "-_")
        )


def addresses(replicas: Iterable[Replica]) -> frozenset[str]:
    """The bare addresses that containers have now."""
    places = [place for replica in replicas for place in replica.networks]
    return frozenset(a for place in places for a in (place.ipv4, place.ipv6) if a)


def _may_listen(replica: Replica, port: int | None) -> bool:
    return not replica.exposed or port in replica.exposed


def _aliases(replicas: Iterable[Replica]) -> set[str]:
    names = {replica.name for replica in replicas}
    return names.union(*(place.aliases for replica in replicas for place in replica.networks))
