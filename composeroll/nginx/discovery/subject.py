"""The service whose place in the gateway is looked for, and the names it may go by there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

from msgspec import Struct

from composeroll.model import Attachment, Protocol, Replica, Server
from composeroll.nginx.configuration.upstreams import host_and_port

_LOCAL = "localhost"


class Wanted(Struct, frozen=True):
    """What the settings say themselves; None is found out.

    Attributes:
        template: path on this machine of the user's own template of the include.
    """

    upstream: str | None = None
    include: str | None = None
    port: int | None = None
    protocol: Protocol | None = None
    template: str | None = None


class Subject(Struct, frozen=True):
    """One service of a project.

    Attributes:
        replicas: its containers, whatever their state.
        others: all other containers of the project, so that theirs is not taken for its.
        siblings: the project's other services, those without a container too.
    """

    project: str
    service: str
    replicas: tuple[Replica, ...] = ()
    others: tuple[Replica, ...] = ()
    siblings: frozenset[str] = frozenset()

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
        return self._means(host, self.service, self.replicas)

    def lasting(self, host: str) -> str:
        """A name that stays for a host that means it: a container's own goes with it."""
        names = {replica.name.lower() for replica in self.replicas}
        gone = host in self.addresses or _bare(host, self.replicas) in names
        return self.service if gone or self._means(host, self.service, ()) else host

    def owns(self, server: Server) -> bool:
        """Whether a server is its own: by name, by an address of now, or by the comment there."""
        host, _ = host_and_port(server.address)
        word = server.comment.partition(" ")[0]
        return host in self.addresses or self.named(host) or self.named(word)

    def of_others(self, host: str, port: int | None) -> bool:
        """Whether a server is another service's: by name, or by an address with a fitting port."""
        return any(
            _bears(host, replica.service, (replica,))
            or (host in addresses((replica,)) and _may_listen(replica, port))
            for replica in self.others
        )

    def may_have_had(self, host: str) -> bool:
        """Whether this is an address that its networks give: one of its replicas may have had it.

        Where none of them tells its subnet any private address may be; but never the host's own.
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
        """Whether only the gateway knows whose name this is: it may come from `links`, or be old.

        What has a dot in it is a host elsewhere.
        """
        name = _bare(host, self.replicas)
        known = self.of_others(host, None) or any(self._means(name, s, ()) for s in self.siblings)
        return not (known or name == _LOCAL or set(name) & set(".:"))

    def rivals(self, port: int) -> tuple[str, ...]:
        """Other services that expose `port` too."""
        found = {r.service for r in self.others if port in r.exposed}
        return tuple(sorted(found - {self.service}))

    @property
    def _neighbours(self) -> tuple[Attachment, ...]:
        """Places on its networks. One that is down tells nothing of them: others' count too."""
        mine = {place.network for replica in self.replicas for place in replica.networks}
        places = (place for r in (*self.replicas, *self.others) for place in r.networks)
        return tuple(place for place in places if place.network in mine)

    def _means(self, host: str, service: str, replicas: tuple[Replica, ...]) -> bool:
        """Or `project-service-1`, or `project_service_1` as Compose v1 had it."""
        name = _bare(host, replicas)
        return _bears(host, service, replicas) or any(
            name.startswith(stem) and name[len(stem) :].isdecimal()
            for stem in (f"{self.project}{mark}{service}{mark}".lower() for mark in "-_")
        )


def addresses(replicas: Iterable[Replica]) -> frozenset[str]:
    """The bare addresses that containers have now."""
    places = [place for replica in replicas for place in replica.networks]
    return frozenset(a for place in places for a in (place.ipv4, place.ipv6) if a)


def _may_listen(replica: Replica, port: int | None) -> bool:
    return not replica.exposed or port in replica.exposed


def _bears(host: str, service: str, replicas: Sequence[Replica]) -> bool:
    places = [place for replica in replicas for place in replica.networks]
    aliases = {alias for place in places for alias in place.aliases}
    names = {service, *(replica.name for replica in replicas), *aliases}
    spellings = {host.lower().removesuffix("."), _bare(host, replicas)}
    return not spellings.isdisjoint(name.lower() for name in names)


def _bare(host: str, replicas: Sequence[Replica]) -> str:
    """The one spelling of a name that DNS takes in many: in capitals, `NAME.`, `NAME.NETWORK`."""
    name = host.lower().removesuffix(".")
    networks = {place.network.lower() for replica in replicas for place in replica.networks}
    ends = (f".{network}" for network in networks if name.endswith(f".{network}"))
    return name.removesuffix(max(ends, key=len, default=""))
