"""What nginx listens on, whether a second nginx can too, and which sites it serves there."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from composeroll.model import Site
from composeroll.nginx.configuration.configuration import Configuration, ServerBlock
from composeroll.nginx.configuration.syntax import Place
from composeroll.nginx.configuration.upstreams import DEFAULT_PORT, Context, host_and_port

DEFAULT_LISTEN = "*:80"
"""What a server block without `listen` listens on if the master runs as root."""

ANY = ("*", "0.0.0.0")  # noqa: S104 - nginx's spellings, parsed and not bound
ANY_IPV6 = "::"

Socket = tuple[str, int, bool]
"""Host, port, and whether it is UDP."""


class Listen(Struct, frozen=True):
    """One `listen` directive.

    Attributes:
        host: the address without brackets, `*` for every IPv4 address; a `unix:` path unchanged.
        port: 0 for a `unix:` socket; the first port of a range.
        options: the arguments after the address.
        last: the last port of a range, else 0.
    """

    host: str
    port: int
    options: frozenset[str]
    server: ServerBlock
    last: int = 0

    @property
    def ports(self) -> range:
        """All ports that it listens on."""
        return range(self.port, max(self.port, self.last) + 1)

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """The sockets that nginx opens; of several directives for a socket, one has its options."""
        return tuple((self.host, port, self.datagrams) for port in self.ports)

    @property
    def datagrams(self) -> bool:
        """Whether its sockets are UDP."""
        return bool(self.options & {"udp", "quic"})

    @property
    def place(self) -> Place:
        """The place of its server block."""
        return self.server.place

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host and self.port else self.host
        if not self.port:
            return f"listen {host}"
        ports = f"{self.port}-{self.last}" if self.last else f"{self.port}"
        return f"listen {ports}" if host in ANY else f"listen {host}:{ports}"


def listens_of(configuration: Configuration) -> tuple[Listen, ...]:
    """Return every `listen`, in the order of the configuration."""
    return tuple(
        read_listen(text, server)
        for server in configuration.servers
        for text in server.listens or (DEFAULT_LISTEN,)
    )


def read_listen(text: str, server: ServerBlock) -> Listen:
    """Parse a directive's arguments: `443 ssl`, `[::]:80-89`, `unix:/run/n.sock`."""
    address, *options = text.split()
    if address.startswith("unix:"):
        return Listen(address, 0, frozenset(options), server)
    address, last = _without_range(address)
    if address.isdecimal():
        return Listen("*", int(address), frozenset(options), server, last)
    host, port = host_and_port(address, DEFAULT_PORT)
    host = "*" if host in ANY else host
    return Listen(host, port or DEFAULT_PORT, frozenset(options), server, last)


def alone(configuration: Configuration) -> tuple[Listen, ...]:
    """Return the first directive of every socket that a second nginx could not open too."""
    heard = listens_of(configuration)
    shared = {socket for one in heard if "reuseport" in one.options for socket in one.sockets}
    first: dict[Socket, Listen] = {}
    for one in heard:
        for socket in one.sockets:
            if socket not in shared:
                first.setdefault(socket, one)
    return tuple(dict.fromkeys(first.values()))


def ports_of(configuration: Configuration) -> frozenset[int]:
    """Return the TCP ports that nginx listens on."""
    heard = (one for one in listens_of(configuration) if one.port and not one.datagrams)
    return frozenset(port for one in heard for port in one.ports)


def sites_of(configuration: Configuration) -> tuple[Site, ...]:
    """Return the distinct sites that nginx serves on every address of the container.

    Of a port range only the first port counts: the same server block answers on all of its ports,
    which may be thousands.
    """
    return tuple(dict.fromkeys(_sites(configuration)))


def _without_range(address: str) -> tuple[str, int]:
    """Return `*:9000-9010` as `*:9000` and 9010; the number is 0 if there is no range."""
    begin, _, last = address.rpartition("-")
    if last.isdecimal() and begin.rpartition(":")[2].isdecimal():
        return begin, int(last)
    return address, 0


def _sites(configuration: Configuration) -> Iterator[Site]:
    for one in listens_of(configuration):
        if one.datagrams or not (one.host in ANY or one.host == ANY_IPV6):
            continue
        yield Site(
            port=one.port,
            host=_request_name(one.server.names),
            ipv6=one.host == ANY_IPV6,
            tls="ssl" in one.options,
            proxied="proxy_protocol" in one.options,
            http=one.server.context is Context.HTTP,
        )


def _request_name(names: tuple[str, ...]) -> str:
    """Return the first name that a request can have, empty if none: no pattern, and not `_`."""
    plain = (name for name in names if name[:1].isalnum() and name[-1] != "*")
    return next(plain, "")
