"""What nginx listens on, whether a second nginx could listen there too, and what to ask there."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from composeroll.model import Site
from composeroll.nginx.configuration import Configuration, ServerBlock
from composeroll.nginx.syntax import Place
from composeroll.nginx.upstreams import DEFAULT_PORT, Context, host_and_port

UNSAID = "*:80"
"""What a server block without a `listen` listens on, as a master with root's rights."""

ANY = ("*", "0.0.0.0")  # noqa: S104 - nginx's own spellings, read and not bound
ANY_IPV6 = "::"


class Listen(Struct, frozen=True):
    """One `listen` directive.

    Attributes:
        host: the address without brackets, `*` for every IPv4 address; a `unix:` path as it is.
        port: 0 for a `unix:` socket.
        options: what follows the address.
    """

    host: str
    port: int
    options: frozenset[str]
    server: ServerBlock

    @property
    def socket(self) -> tuple[str, int, bool]:
        """What nginx opens one socket for: of several directives one carries its options."""
        return self.host, self.port, self.datagrams

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
        return f"listen {self.port}" if host in ANY else f"listen {host}:{self.port}"


def listens_of(configuration: Configuration) -> tuple[Listen, ...]:
    """Every `listen`, in the order of the files."""
    return tuple(
        read_listen(text, server)
        for server in configuration.servers
        for text in server.listens or (UNSAID,)
    )


def read_listen(text: str, server: ServerBlock) -> Listen:
    """The model of a directive's arguments: `443 ssl`, `[::]:80 reuseport`, `unix:/run/n.sock`."""
    address, *options = text.split()
    if address.startswith("unix:"):
        return Listen(address, 0, frozenset(options), server)
    if address.isdecimal():
        return Listen("*", int(address), frozenset(options), server)
    host, port = host_and_port(address, DEFAULT_PORT)
    return Listen("*" if host in ANY else host, port or DEFAULT_PORT, frozenset(options), server)


def alone(configuration: Configuration) -> tuple[Listen, ...]:
    """The first directive of every socket that no second nginx could open too."""
    heard = listens_of(configuration)
    shared = {one.socket for one in heard if "reuseport" in one.options}
    first: dict[tuple[str, int, bool], Listen] = {}
    for one in heard:
        if one.socket not in shared:
            first.setdefault(one.socket, one)
    return tuple(first.values())


def ports_of(configuration: Configuration) -> frozenset[int]:
    """The TCP ports that it listens on."""
    return frozenset(o.port for o in listens_of(configuration) if o.port and not o.datagrams)


def sites_of(configuration: Configuration) -> tuple[Site, ...]:
    """What can be asked on every address of the container, each once."""
    return tuple(dict.fromkeys(_sites(configuration)))


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
