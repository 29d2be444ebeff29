"""nginx's whole configuration, from the text that `nginx -T` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct, field

from composeroll.nginx.configuration.access_logs import AccessLog, logs_of_passes
from composeroll.nginx.configuration.dump import covers, full_pattern, split_dump
from composeroll.nginx.configuration.idle import Idle, read_idle
from composeroll.nginx.configuration.pairing import Pairing, read_pairing
from composeroll.nginx.configuration.passes import (
    Pass,
    context_of,
    listens,
    read_passes,
    server_names,
)
from composeroll.nginx.configuration.syntax import (
    Directive,
    Place,
    Tree,
    Unreadable,
    expand,
    parse_text,
    walk,
)
from composeroll.nginx.configuration.upstreams import (
    Context,
    UpstreamBlock,
    neighbours,
    read_upstream,
)
from composeroll.nginx.configuration.version import Version

NEXT_UPSTREAM = (
    *("proxy_next_upstream", "fastcgi_next_upstream"),
    *("uwsgi_next_upstream", "grpc_next_upstream"),
)
"""The directives that say when nginx tries another server, by protocol."""

SETTINGS = (
    "worker_shutdown_timeout",
    *("proxy_connect_timeout", "fastcgi_connect_timeout"),
    *("uwsgi_connect_timeout", "grpc_connect_timeout"),
    *NEXT_UPSTREAM,
    "user",
    "error_log",
)
"""Directives that `check` judges, or that name the workers' user or a path."""


class ServerBlock(Struct, frozen=True):
    """A `server` block: its `listen` arguments, its part of nginx, its place and its names."""

    listens: tuple[str, ...]
    context: Context
    place: Place
    names: tuple[str, ...] = ()


class Include(Struct, frozen=True):
    """An `include` directive; `pattern` is an absolute, folded path, which may be a glob."""

    pattern: str
    place: Place


class Configuration(Struct, frozen=True):
    """The configuration in one output of `nginx -T`.

    Attributes:
        main: the main file's path.
        files: every file's exact text by its folded path, as nginx sees it.
        settings: the directives named in `SETTINGS`, in any block.
        version: the version of the nginx that read it; empty if it printed none.
        unread: for each file whose meaning is unknown, the reason: it could not be parsed, or no
            `include` that was read covers it. nginx itself accepted these files.
        logs: the access logs in force at each of `passes`, by its place.
        pairing: what its workers' connections prove about further requests.
        idle: where a reload closes idle connections.
    """

    main: str
    files: Mapping[str, str]
    upstreams: tuple[UpstreamBlock, ...] = ()
    passes: tuple[Pass, ...] = ()
    servers: tuple[ServerBlock, ...] = ()
    settings: tuple[Directive, ...] = ()
    includes: tuple[Include, ...] = ()
    version: Version = ()
    unread: tuple[str, ...] = ()
    logs: Mapping[Place, tuple[AccessLog, ...]] = field(default_factory=dict)
    pairing: Pairing = field(default_factory=Pairing)
    idle: Idle = field(default_factory=Idle)

    def included_by(self, path: str) -> Include | None:
        """Return the directive that makes nginx read `path`, whether or not the file exists yet."""
        return next((i for i in self.includes if covers(i.pattern, path)), None)

    def setting(self, name: str) -> tuple[Directive, ...]:
        """Return all directives of a name in `SETTINGS`."""
        return tuple(d for d in self.settings if d.name == name)


def read_configuration(dump: str, version: Version = ()) -> Configuration:
    """Return the configuration that `nginx -T` printed on stdout."""
    files = split_dump(dump)
    main = next(iter(files), "")
    parsed, broken = _parse_all(files)
    includes = tuple(_includes(parsed, main))
    unread = broken or tuple(_unreached(files, main, includes))
    tree = tuple(walk(expand(parsed.get(main, ()), parsed, main)))
    upstreams, passes = tuple(_upstreams(tree, parsed)), read_passes(tree)
    return Configuration(
        main=main,
        files=files,
        upstreams=upstreams,
        passes=passes,
        servers=tuple(_servers(tree)),
        settings=tuple(directive for directive, _ in tree if directive.name in SETTINGS),
        includes=includes,
        version=version,
        unread=unread,
        logs=logs_of_passes(tree),
        pairing=_unread(unread) or read_pairing(tree, passes, upstreams),
        idle=read_idle(tree),
    )


def _unread(unread: tuple[str, ...]) -> Pairing | None:
    """Return a pairing that proves nothing if a file is unread: it may change any conclusion."""
    return Pairing(f"its configuration could not be read: {unread[0]}") if unread else None


@lru_cache(maxsize=256)
def _parse(text: str, file: str) -> tuple[Directive, ...]:
    """Parse a file; cached, as most files stay the same and are the same in all gateways."""
    return parse_text(text, file)


def _parse_all(
    files: Mapping[str, str],
) -> tuple[dict[str, tuple[Directive, ...]], tuple[str, ...]]:
    parsed: dict[str, tuple[Directive, ...]] = {}
    unread: list[str] = []
    for path, text in files.items():
        try:
            parsed[path] = _parse(text, path)
        except Unreadable as reason:
            unread.append(str(reason))
    return parsed, tuple(unread)


def _unreached(files: Iterable[str], main: str, includes: Sequence[Include]) -> Iterator[str]:
    """Yield a reason for each file that no `include` covers: `expand` leaves it out."""
    for path in files:
        if path != main and not any(covers(include.pattern, path) for include in includes):
            yield f"{path}: no include directive leads to it"


def _upstreams(tree: Tree, parsed: Mapping[str, tuple[Directive, ...]]) -> Iterator[UpstreamBlock]:
    for directive, parents in tree:
        if directive.name == "upstream" and directive.block is not None and directive.args:
            others = neighbours(directive, parsed[directive.place.file])
            upstream, context = read_upstream(directive), context_of(parents)
            yield UpstreamBlock(upstream, context, directive.place, others)


def _servers(tree: Tree) -> Iterator[ServerBlock]:
    for directive, parents in tree:
        if directive.name == "server" and directive.block is not None:
            heard, names = listens(directive), server_names(directive)
            yield ServerBlock(heard, context_of(parents), directive.place, names)


def _includes(parsed: Mapping[str, tuple[Directive, ...]], main: str) -> Iterator[Include]:
    for directives in parsed.values():
        for directive, _ in walk(directives):
            if directive.name == "include" and directive.args:
                yield Include(full_pattern(directive.args[0], main), directive.place)
