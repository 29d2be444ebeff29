"""What nginx listens on, whether a second nginx could listen there too, and what to ask there."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from composeroll.model import Site
from composeroll.nginx.configuration.configuration import Configuration, ServerBlock
from composeroll.nginx.configuration.syntax import Place
from composeroll.nginx.configuration.upstreams import DEFAULT_PORT, Context, host_and_port

UNSAID = "*:80"
"""What a server block without a `listen` listens on, as a master with root's rights."""

ANY = ("*", "0.0.0.0")  # noqa: S104 - nginx's own spellings, read and not bound
ANY_IPV6 = "::"

Socket = tuple[str, int, bool]
"""Host, port, and whether it is UDP."""


class Listen(Struct, frozen=True):
    """One `listen` directive.

    Attributes:
        host: the address without brackets, `*` for every IPv4 address; a `unix:` path as it is.
        port: 0 for a `unix:` socket; of a range the first one.
        options: what follows the address.
        last: of a range the last port, else 0.
    """

    host: str
    port: int
    options: frozenset[str]
    server: ServerBlock
    last: int = 0

    @property
    def ports(self) -> range:
        """All that it listens on."""
        return range(self.port, max(self.port, self.last) + 1)

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """What nginx opens a socket for each: of several directives one carries its options."""
        return tuple((self.host, port, self.datagrams) for port in self.ports)

    @property
    def datagrams(self) -> bool:
        """Whether it is UDP."""
        return bool(self.options & {"udp", "quic"})

    @property
    def place(self) -> Place:
        """Where its server block stands."""
        return self.server.place

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host and self.port else self.host
        if not self.port:
            return f"listen {host}"
        ports = f"{self.port}-{self.last}" if self.last else f"{self.port}"
        return f"listen {ports}" if host in ANY else f"listen {host}:{ports}"


def listens_of(configuration: Configuration) -> tuple[Listen, ...]:
    """Every `listen`, in the order of the files."""
    return tuple(
        read_listen(text, server)
        for server in configuration.servers
        for text in server.listens or (UNSAID,)
    )


def read_listen(text: str, server: ServerBlock) -> Listen:
    """The model of a directive's arguments: `443 ssl`, `[::]:80-89`, `unix:/run/n.sock`."""
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
    """The first directive of every socket that no second nginx could open too."""
    heard = listens_of(configuration)
    shared = {socket for one in heard if "reuseport" in one.options for socket in one.sockets}
    first: dict[Socket, Listen] = {}
    for one in heard:
        for socket in one.sockets:
            if socket not in shared:
                first.setdefault(socket, one)
    return tuple(dict.fromkeys(first.values()))


def ports_of(configuration: Configuration) -> frozenset[int]:
    """The TCP ports that it listens on."""
    heard = (one for one in listens_of(configuration) if one.port and not one.datagrams)
    return frozenset(port for one in heard for port in one.ports)


def sites_of(configuration: Configuration) -> tuple[Site, ...]:
    """What can be asked on every address of the container, each once; of a range its first port.

    Behind every port of a range the same server answers, and a range may hold thousands.
    """
    return tuple(dict.fromkeys(_sites(configuration)))


def _without_range(address: str) -> tuple[str, int]:
    """`*:9000-9010` as `*:9000` and 9010; 0 where there is no range."""
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
            host=_askable_name(one.server.names),
            ipv6=one.host == ANY_IPV6,
            tls="ssl" in one.options,
            proxied="proxy_protocol" in one.options,
            http=one.server.context is Context.HTTP,
        )


def _askable_name(names: tuple[str, ...]) -> str:
    """The first name that somebody could ask for: no pattern, and not the customary `_`."""
    plain = (name for name in names if "." in name and name[0] not in "~*." and name[-1] != "*")
    return next(plain, "")
