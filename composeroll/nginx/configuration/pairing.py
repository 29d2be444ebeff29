"""Which connections of a worker that is shutting down carry no further request, by nginx's rules.

Such a worker accepts no connections, closes idle ones, and keeps a connection to a backend only
while its request runs (ngx_close_idle_connections; ngx_http_upstream_keepalive_module.c). So once a
client's request runs at one backend, the client's connection cannot lead to another one, if

- a connection carries one request at a time, and a request has one backend at a time. This is not
  true of HTTP/2 and HTTP/3, subrequests, scripts, and answers that are read to the end for a cache;
- nginx closes the connection when that request ends. With `keepalive_min_timeout` it does not, even
  in a worker that is shutting down, if the answer's header has already announced keep-alive
  (ngx_http_finalize_connection); it always closes an upgraded connection. From outside, a websocket
  looks like a download, so a location with that directive counts only with `keepalive_timeout 0`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, field

from composeroll.nginx.configuration.inherited import inherited_seconds
from composeroll.nginx.configuration.passes import ANY_PORT, Pass
from composeroll.nginx.configuration.syntax import Directive, Place, Tree
from composeroll.nginx.configuration.upstreams import (
    DEFAULT_PORT,
    HTTPS_PORT,
    Context,
    UpstreamBlock,
    ports_named,
)

_UNPAIRED_DIRECTIVES = (
    *("auth_request", "mirror", "ssi", "slice", "add_before_body", "add_after_body"),
    *("post_action", "mail", "rtmp", "ssl_stapling", "ssl_ocsp", "http2", "http3"),
    *(
        "proxy_cache",
        "fastcgi_cache",
        "uwsgi_cache",
        "scgi_cache",
        "*_store",
        "*_ignore_client_abort",
        "*_by_lua*",
        "lua_*",
        "js_*",
        "perl*",
    ),
)
"""Directives with which connections do not come in pairs, unless they are `off`."""

_UNPAIRED_LISTENS = ("http2", "quic", "udp")

_KNOWN_MODULES = (
    *("stream", "*geoip*", "http_image_filter", "http_xslt_filter"),
    *("http_brotli_*", "http_headers_more_filter", "http_subs_filter"),
)
"""Modules that open no connections themselves; the `…` in their file name `ngx_…_module.so`."""


class Pairing(Struct, frozen=True):
    """What a reading of the workers' connections proves about further requests.

    Attributes:
        blind: why it proves nothing, empty if it proves something.
        ending: ports of backends after whose requests nginx closes the client's connection.
        reusing: passes after whose requests nginx may keep it open, by the backend's port.
        websockets: those of these passes at which connections can be upgraded.
    """

    blind: str = ""
    ending: frozenset[int] = frozenset()
    reusing: Mapping[int, Place] = field(default_factory=dict)
    websockets: tuple[Place, ...] = ()


def read_pairing(tree: Tree, passes: Iterable[Pass], upstreams: Sequence[UpstreamBlock]) -> Pairing:
    """Return what connections prove with this configuration."""
    around = _around(tree)
    ports: set[int] = set()
    unpaired: set[int] = set()
    reusing: dict[int, Place] = {}
    websockets: list[Place] = []
    for one in passes:
        if "$" in one.target or one.port == ANY_PORT:
            blind = f"where {one.directive} at {one.place} leads is only known at each request"
            return Pairing(next(_unpaired(tree), blind))
        own = _upstreams_ports(one, upstreams) or _own_ports(one)
        if not one.of_nginx:  # such as nchan's to Redis, open without any client
            unpaired |= own
            continue
        ports |= own
        every = around[one.place, one.directive]
        if one.context is Context.HTTP and any(map(_stays_open, every)):
            reusing |= dict.fromkeys(own, one.place)
            websockets += [one.place] if any(map(_upgrades, every)) else []
    ending = frozenset(ports - reusing.keys() - unpaired)
    return Pairing(next(_unpaired(tree), ""), ending, reusing, tuple(websockets))


def _around(tree: Tree) -> Mapping[tuple[Place, str], list[tuple[Directive, ...]]]:
    """Return the blocks around each directive, several if its file is included several times."""
    found: dict[tuple[Place, str], list[tuple[Directive, ...]]] = {}
    for directive, parents in tree:
        found.setdefault((directive.place, directive.name), []).append(parents)
    return found


def _unpaired(tree: Tree) -> Iterator[str]:
    """Yield why connections from clients and to backends do not come in pairs."""
    for directive, _ in tree:
        words = " ".join((directive.name, *directive.args))
        if _breaks_pairs(directive):
            yield f"with `{words}` ({directive.place}) connections do not come in pairs"
        elif directive.name == "load_module" and not _is_known(directive):
            yield f"it is unknown which connections `{words}` ({directive.place}) makes"


def _breaks_pairs(directive: Directive) -> bool:
    if directive.name == "listen":
        words = directive.args
        return words[0].startswith("unix:") or any(w in words for w in _UNPAIRED_LISTENS)
    off = directive.args == ("off",)
    return not off and any(fnmatchcase(directive.name, name) for name in _UNPAIRED_DIRECTIVES)


def _is_known(load: Directive) -> bool:
    module = load.args[0].rpartition("/")[2].removeprefix("ngx_").removesuffix("_module.so")
    return any(fnmatchcase(module, known) for known in _KNOWN_MODULES)


def _stays_open(parents: tuple[Directive, ...]) -> bool:
    """Return whether an old worker may wait for another request after one of this location."""
    return inherited_seconds("keepalive_min_timeout", parents, 0) > 0 and (
        inherited_seconds("keepalive_timeout", parents, 1) > 0
    )


def _upgrades(parents: tuple[Directive, ...]) -> bool:
    """Return whether nginx passes on a client's `Upgrade` header, which websockets need."""
    set_here = (d for block in parents for d in block.block or () if d.name == "proxy_set_header")
    return any(d.args and d.args[0].lower() == "upgrade" for d in set_here)


def _upstreams_ports(one: Pass, blocks: Sequence[UpstreamBlock]) -> frozenset[int]:
    """Return the ports in the upstream of a pass, also of servers that are `down` by now.

    A worker from before the reload may still have connections to them.
    """
    used = (b.upstream for b in blocks if one.uses(b.upstream.name, b.context))
    return frozenset(port for upstream in used for port in ports_named(upstream.servers))


def _own_ports(one: Pass) -> frozenset[int]:
    """Return the port of a pass that names a host; if it names none, both default ports."""
    return frozenset({one.port} if one.port else {DEFAULT_PORT, HTTPS_PORT})
