"""The service whose place in the gateway is to be found, and its possible names there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

from msgspec import Struct

from composeroll.model import Attachment, Protocol, Replica, Server
from composeroll.nginx.configuration.upstreams import host_and_port

_LOCAL = "localhost"


class Wanted(Struct, frozen=True):
    """The place as far as the settings define it; composeroll finds out what is None.

    Attributes:
        template: path, on this machine, of the user's own template of the include.
    """

    upstream: str | None = None
    include: str | None = None
    port: int | None = None
    protocol: Protocol | None = None
    template: str | None = None


class Subject(Struct, frozen=True):
    """One service of a project.

    Attributes:
        replicas: its containers, in any state.
        others: all other containers of the project, whose names and addresses are not its own.
        siblings: the project's other services, including those without a container.
    """

    project: str
    service: str
    replicas: tuple[Replica, ...] = ()
    others: tuple[Replica, ...] = ()
    siblings: frozenset[str] = frozenset()

    @property
    def exposed(self) -> tuple[int, ...]:
        """The ports that its replicas expose, ascending."""
        return tuple(sorted({port for replica in self.replicas for port in replica.exposed}))

    @property
    def addresses(self) -> frozenset[str]:
        """Its replicas' bare addresses on all networks."""
        return addresses(self.replicas)

    def named(self, host: str) -> bool:
        """Return whether a host name means this service.

        It does as a name in DNS, or as the name of a present or past container.
        """
        return self._refers_to(host, self.service, self.replicas)

    def stable_name(self, host: str) -> str:
        """Return the service's name if the host is a container's name or address, else the host.

        A container's name and address disappear with the container.
        """
        names = {replica.name.lower() for replica in self.replicas}
        gone = host in self.addresses or _bare(host, self.replicas) in names
        return self.service if gone or self._refers_to(host, self.service, ()) else host

    def owns(self, server: Server) -> bool:
        """Return whether a server is its own, by name, by a current address, or by the comment."""
        host, _ = host_and_port(server.address)
        word = server.comment.partition(" ")[0]
        return host in self.addresses or self.named(host) or self.named(word)

    def of_others(self, host: str, port: int | None) -> bool:
        """Return whether a server is another service's, by name, or by address and fitting port."""
        return any(
            _is_known_name(host, replica.service, (replica,))
            or (host in addresses((replica,)) and _may_listen(replica, port))
            for replica in self.others
        )

    def may_have_been_address(self, host: str) -> bool:
        """Return whether one of its replicas may have had this address on one of its networks.

        If no subnet of them is known, any private address counts. A loopback address never counts,
        nor does the host's own on these networks.
        """
        try:
            address = ip_address(host)
        except ValueError:
            return False
        places = self._neighbours
        hosts = {ip_address(gateway) for place in places for gateway in place.gateways}
        if address.is_loopback or address in hosts:
            return False
        subnets = {ip_network(subnet, strict=False) for place in places for subnet in place.subnets}
        return any(address in subnet for subnet in subnets) if subnets else address.is_private

    def may_be_its_name(self, host: str) -> bool:
        """Return whether this may be its name, unknown outside the gateway: from `links`, or old.

        A name with a dot is a host elsewhere.
        """
        name = _bare(host, self.replicas)
        known = self.of_others(host, None) or any(
            self._refers_to(name, s, ()) for s in self.siblings
        )
        return not (known or name == _LOCAL or set(name) & set(".:"))

    def rivals(self, port: int) -> tuple[str, ...]:
        """Return the other services that expose `port` too."""
        found = {r.service for r in self.others if port in r.exposed}
        return tuple(sorted(found - {self.service}))

    @property
    def _neighbours(self) -> tuple[Attachment, ...]:
        """Attachments to its networks, also of others: a stopped container reports no subnets."""
        mine = {place.network for replica in self.replicas for place in replica.networks}
        places = (place for r in (*self.replicas, *self.others) for place in r.networks)
        return tuple(place for place in places if place.network in mine)

    def _refers_to(self, host: str, service: str, replicas: tuple[Replica, ...]) -> bool:
        """Return whether a host means a service, by a known name or a container's default name.

        Default names are `project-service-1`, and `project_service_1` in Compose v1.
        """
        name = _bare(host, replicas)
        return _is_known_name(host, service, replicas) or any(
            name.startswith(stem) and name[len(stem) :].isdecimal()
            for stem in (f"{self.project}{mark}{service}{mark}".lower() for mark in "-_")
        )


def addresses(replicas: Iterable[Replica]) -> frozenset[str]:
    """Return the bare addresses that containers have now."""
    places = [place for replica in replicas for place in replica.networks]
    return frozenset(a for place in places for a in (place.ipv4, place.ipv6) if a)


def _may_listen(replica: Replica, port: int | None) -> bool:
    return not replica.exposed or port in replica.exposed


def _is_known_name(host: str, service: str, replicas: Sequence[Replica]) -> bool:
    places = [place for replica in replicas for place in replica.networks]
    aliases = {alias for place in places for alias in place.aliases}
    names = {service, *(replica.name for replica in replicas), *aliases}
    spellings = {host.lower().removesuffix("."), _bare(host, replicas)}
    return not spellings.isdisjoint(name.lower() for name in names)


def _bare(host: str, replicas: Sequence[Replica]) -> str:
    """Return the canonical spelling of a name.

    DNS also accepts capital letters, `NAME.` and `NAME.NETWORK`.
    """
    name = host.lower().removesuffix(".")
    networks = {place.network.lower() for replica in replicas for place in replica.networks}
    ends = (f".{network}" for network in networks if name.endswith(f".{network}"))
    return name.removesuffix(max(ends, key=len, default=""))
