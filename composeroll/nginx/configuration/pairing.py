"""Which connections of a worker that shuts down carry no further request, by nginx's own rules.

A worker that shuts down accepts nobody, closes idle connections, and keeps one to a backend only as
long as its request runs (ngx_close_idle_connections; ngx_http_upstream_keepalive_module.c). So a
client's connection is beyond asking anybody new once its request runs elsewhere, if

- one connection carries one request at a time, and one request has one backend at a time: not so
  with HTTP/2 and HTTP/3, subrequests, scripts, and backends that are read to the end for a cache;
- it is closed when that request ends. With `keepalive_min_timeout` it is not, even in a worker that
  shuts down, where the head of the answer had promised keep-alive before
  (ngx_http_finalize_connection); an upgraded connection always is. From outside a websocket cannot
  be told from a download, so such a location counts only with `keepalive_timeout 0`.
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

_SEVERAL = (
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
"""Directives, if not `off`, with which connections do not come in pairs."""

_UNPAIRED_LISTENS = ("http2", "quic", "udp")

_KNOWN_MODULES = (
    *("stream", "*geoip*", "http_image_filter", "http_xslt_filter"),
    *("http_brotli_*", "http_headers_more_filter", "http_subs_filter"),
)
"""Modules that make no connections of their own, as `load_module` names them: ngx_…_module.so."""


class Pairing(Struct, frozen=True):
    """What a look at connections proves.

    Attributes:
        blind: why it proves nothing, empty where it does.
        ending: ports of backends after whose requests the client's connection is closed.
        reusing: where it may not be, by port of the backend.
        websockets: which of these places lets connections be upgraded.
    """

    blind: str = ""
    ending: frozenset[int] = frozenset()
    reusing: Mapping[int, Place] = field(default_factory=dict)
    websockets: tuple[Place, ...] = ()


def read_pairing(tree: Tree, passes: Iterable[Pass], upstreams: Sequence[UpstreamBlock]) -> Pairing:
    """What holds for this configuration."""
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
        if not one.of_nginx:  # such as nchan's to Redis, which it keeps without any client
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
    """The blocks around each directive: a file that is included in several places stands in all."""
    found: dict[tuple[Place, str], list[tuple[Directive, ...]]] = {}
    for directive, parents in tree:
        found.setdefault((directive.place, directive.name), []).append(parents)
    return found


def _unpaired(tree: Tree) -> Iterator[str]:
    """Why clients' connections and those to backends do not come in pairs."""
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
    return not off and any(fnmatchcase(directive.name, name) for name in _SEVERAL)


def _is_known(load: Directive) -> bool:
    module = load.args[0].rpartition("/")[2].removeprefix("ngx_").removesuffix("_module.so")
    return any(fnmatchcase(module, known) for known in _KNOWN_MODULES)


def _stays_open(parents: tuple[Directive, ...]) -> bool:
    """Whether a worker that shuts down may wait for another request after one of this location."""
    return inherited_seconds("keepalive_min_timeout", parents, 0) > 0 and (
        inherited_seconds("keepalive_timeout", parents, 1) > 0
    )


def _upgrades(parents: tuple[Directive, ...]) -> bool:
    """Whether a client's `Upgrade` is handed on, as websockets need it."""
    set_here = (d for block in parents for d in block.block or () if d.name == "proxy_set_header")
    return any(d.args and d.args[0].lower() == "upgrade" for d in set_here)


def _upstreams_ports(one: Pass, blocks: Sequence[UpstreamBlock]) -> frozenset[int]:
    """Those that are `down` now, too: a worker from before the reload may have asked them."""
    used = (b.upstream for b in blocks if one.uses(b.upstream.name, b.context))
    return frozenset(port for upstream in used for port in ports_named(upstream.servers))


def _own_ports(one: Pass) -> frozenset[int]:
    """Of a pass that names a host; without a port it is that of its scheme."""
    return frozenset({one.port} if one.port else {DEFAULT_PORT, HTTPS_PORT})
