"""Upstream blocks as nginx's configuration holds them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from composeroll.model import Server, Upstream
from composeroll.nginx.configuration.syntax import COMMENT, Directive, Place

DEFAULT_PORT = 80
"""What nginx takes for a `server` line without a port (ngx_http_upstream_module)."""

HTTPS_PORT = 443
"""What it takes for a `proxy_pass https://HOST;` (ngx_http_proxy_module)."""


_CHOOSERS = ("balancer_by_lua", "state")
"""Lua, or a file that `nginx -T` does not print."""


class Context(StrEnum):
    """Which part of nginx a block belongs to; only the first two have upstreams.

    RTMP is that of a module (nginx-rtmp-module).
    """

    HTTP = "http"
    STREAM = "stream"
    MAIL = "mail"
    RTMP = "rtmp"


class UpstreamBlock(Struct, frozen=True):
    """An upstream with the place it stands at.

    Attributes:
        neighbours: what else its file holds, as text; comments do not count.
    """

    upstream: Upstream
    context: Context
    place: Place
    neighbours: tuple[str, ...] = ()

    @property
    def chooser(self) -> str:
        """The directive by which something else than its servers tells whom to ask, or empty."""
        names = (directive.partition(" ")[0] for directive in self.upstream.directives)
        return next((name for name in names if name.startswith(_CHOOSERS)), "")

    @property
    def alone(self) -> bool:
        """Whether its file may be rewritten as a whole."""
        return not self.neighbours


def read_upstream(block: Directive) -> Upstream:
    """The model of an `upstream` directive."""
    inside = block.block or ()
    comments = {d.place: d.args[0] for d in inside if d.name == COMMENT}
    return Upstream(
        name=block.args[0],
        servers=tuple(_server(d, comments) for d in inside if d.name == "server" and d.args),
        directives=tuple(str(d) for d in inside if d.name not in ("server", COMMENT)),
    )


def united(told: Sequence[Upstream]) -> Upstream:
    """The first, with all that any of them names: who any of several gateways sends requests to."""
    servers = {server.address: server for one in reversed(told) for server in reversed(one.servers)}
    return replace(told[0], servers=tuple(reversed(servers.values())))


def without(upstream: Upstream, servers: Container[Server]) -> Upstream:
    """The same but for these servers."""
    return replace(upstream, servers=tuple(s for s in upstream.servers if s not in servers))


def neighbours(block: Directive, file: Iterable[Directive]) -> tuple[str, ...]:
    """The heads of everything in `file` but this block and comments."""
    own = (block.name, block.args, block.place)
    others = (d for d in file if d.name != COMMENT and (d.name, d.args, d.place) != own)
    return tuple(" ".join((d.name, *d.args)) for d in others)


def host_and_port(address: str, default: int | None = None) -> tuple[str, int | None]:
    """`host` without brackets, and the port; a `unix:` socket is a host without a port."""
    if address.startswith("unix:"):
        return address, None
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or host.endswith(":"):
        host, port = address, ""
    return host.removeprefix("[").removesuffix("]"), int(port) if port else default


def is_name(address: str) -> bool:
    """Whether a server goes by a host name: by no address, and no socket."""
    host, _ = host_and_port(address)
    return not (host.startswith("unix:") or ":" in host or host.replace(".", "").isdecimal())


def ports_named(servers: Iterable[Server]) -> frozenset[int]:
    """The ports that these servers name, or nginx takes for them."""
    found = (host_and_port(server.address, DEFAULT_PORT)[1] for server in servers)
    return frozenset(port for port in found if port is not None)


def _server(line: Directive, comments: dict[Place, str]) -> Server:
    address, *parameters = line.args
    return Server(address, tuple(parameters), comments.get(line.place, ""))
