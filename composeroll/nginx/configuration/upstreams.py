"""Upstream blocks in nginx's configuration."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from composeroll.model import Server, Upstream
from composeroll.nginx.configuration.syntax import COMMENT, Directive, Place

DEFAULT_PORT = 80
"""nginx's default for a `server` line without a port (ngx_http_upstream_module)."""

HTTPS_PORT = 443
"""nginx's default for a `proxy_pass https://HOST;` (ngx_http_proxy_module)."""


_CHOOSERS = ("balancer_by_lua", "state")
"""Prefixes of the directives that select the server by Lua, or by a file not in `nginx -T`."""


class Context(StrEnum):
    """The part of nginx that a block belongs to; only the first two have upstreams.

    RTMP is added by nginx-rtmp-module.
    """

    HTTP = "http"
    STREAM = "stream"
    MAIL = "mail"
    RTMP = "rtmp"


class UpstreamBlock(Struct, frozen=True):
    """An upstream and its place in the configuration.

    Attributes:
        neighbours: the other directives in its file, as text, without comments.
    """

    upstream: Upstream
    context: Context
    place: Place
    neighbours: tuple[str, ...] = ()

    @property
    def balancer(self) -> str:
        """The directive that decides in place of the `server` lines, empty if there is none."""
        names = (directive.partition(" ")[0] for directive in self.upstream.directives)
        return next((name for name in names if name.startswith(_CHOOSERS)), "")

    @property
    def alone(self) -> bool:
        """Whether its file has nothing else and may be rewritten as a whole."""
        return not self.neighbours


def read_upstream(block: Directive) -> Upstream:
    """Return the upstream that an `upstream` directive defines."""
    inside = block.block or ()
    comments = {d.place: d.args[0] for d in inside if d.name == COMMENT}
    return Upstream(
        name=block.args[0],
        servers=tuple(_server(d, comments) for d in inside if d.name == "server" and d.args),
        directives=tuple(str(d) for d in inside if d.name not in ("server", COMMENT)),
    )


def merged(upstreams: Sequence[Upstream]) -> Upstream:
    """Return the first upstream with the servers of all: all that any gateway sends requests to."""
    servers = {
        server.address: server for one in reversed(upstreams) for server in reversed(one.servers)
    }
    return replace(upstreams[0], servers=tuple(reversed(servers.values())))


def without(upstream: Upstream, servers: Container[Server]) -> Upstream:
    """Return the upstream without these servers."""
    return replace(upstream, servers=tuple(s for s in upstream.servers if s not in servers))


def neighbours(block: Directive, file: Iterable[Directive]) -> tuple[str, ...]:
    """Return name and arguments of each directive in `file`, except this block and comments."""
    own = (block.name, block.args, block.place)
    others = (d for d in file if d.name != COMMENT and (d.name, d.args, d.place) != own)
    return tuple(" ".join((d.name, *d.args)) for d in others)


def host_and_port(address: str, default: int | None = None) -> tuple[str, int | None]:
    """Return `host` without brackets, and the port; a `unix:` socket is a host without a port."""
    if address.startswith("unix:"):
        return address, None
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or host.endswith(":"):
        host, port = address, ""
    return host.removeprefix("[").removesuffix("]"), int(port) if port else default


def is_name(address: str) -> bool:
    """Return whether a server is a host name, not an address and not a socket."""
    host, _ = host_and_port(address)
    return not (host.startswith("unix:") or ":" in host or host.replace(".", "").isdecimal())


def ports_named(servers: Iterable[Server]) -> frozenset[int]:
    """Return the ports of these servers: named, or nginx's default."""
    found = (host_and_port(server.address, DEFAULT_PORT)[1] for server in servers)
    return frozenset(port for port in found if port is not None)


def _server(line: Directive, comments: dict[Place, str]) -> Server:
    address, *parameters = line.args
    return Server(address, tuple(parameters), comments.get(line.place, ""))
