"""Where nginx sends requests: the `*_pass` directives and the backends that they name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from composeroll.model import Protocol
from composeroll.nginx.configuration.settled import is_set, settled, variable_pattern
from composeroll.nginx.configuration.syntax import COMMENT, Directive, Inside, Place
from composeroll.nginx.configuration.upstreams import (
    DEFAULT_PORT,
    HTTPS_PORT,
    Context,
    host_and_port,
)

_PROTOCOLS = {
    "proxy_pass": Protocol.HTTP,
    "grpc_pass": Protocol.GRPC,
    "fastcgi_pass": Protocol.FASTCGI,
    "uwsgi_pass": Protocol.UWSGI,
    "scgi_pass": Protocol.TCP,
    "memcached_pass": Protocol.TCP,
    "tunnel_pass": Protocol.TCP,  # since 1.31.0
}
_OTHER_MODULES = "_pass"
"""The suffix of such directives in third-party modules: `ajp_pass`, `redis2_pass`."""

_DIRECTIVES_WITHOUT_UPSTREAM = {
    Context.MAIL: {"auth_http": Protocol.HTTP},
    Context.RTMP: {"push": Protocol.TCP, "pull": Protocol.TCP}
    | dict.fromkeys(
        (
            *("on_connect", "on_disconnect", "on_play", "on_publish", "on_done", "on_play_done"),
            *("on_publish_done", "on_record_done", "on_update"),
        ),
        Protocol.HTTP,
    ),
}
"""The directives that lead to a backend in the parts of nginx that have no upstreams."""

_RTMP_PORT = 1935

ANY_PORT = 0
_SCHEME = re.compile(r"[\w${}]+://")
_HOST_ENDS = re.compile(r"[/?]|\$\{?(?:request_uri|document_uri|uri|is_args|args|query_string)\b")
"""Where the path or the query of a URL begins; these variables begin one too."""

_PORT_BEFORE_VARIABLE = re.compile(r"((?:\[[^]]*\]|[^:]+):\d+)\$")

_CHOOSERS = ("map", "split_clients", "geo")

_Given = dict[Place | None, dict[str, list[str]]]
"""The values of variables by the server block that sets them; None for all server blocks."""

_OVER_TLS = ("https://", "grpcs://", "suwsgi://")


class Pass(Struct, frozen=True):
    """One way from nginx to a backend.

    Attributes:
        target: an upstream's name or a host; a variable without a known value stays `$name`.
        port: the port in the directive, None if it names none; `ANY_PORT` if a variable gives it.
        listens: the `listen` arguments of the server block around it.
        variable: whether nginx evaluates it at each request.
        tls: whether it speaks TLS to the backend.
    """

    directive: str
    protocol: Protocol
    target: str
    port: int | None
    place: Place
    context: Context
    listens: tuple[str, ...] = ()
    variable: bool = False
    tls: bool = False

    def uses(self, upstream: str, context: Context) -> bool:
        """Return whether the pass leads to this upstream.

        nginx takes a name with a port for a host, and ignores case in the names of upstreams.
        """
        same = self.target.lower() == upstream.lower() and self.context is context
        return self.port is None and same

    @property
    def backend_port(self) -> int:
        """The backend's port: of the directive, else nginx's default; or `ANY_PORT`."""
        if self.port is None:
            return HTTPS_PORT if self.tls else DEFAULT_PORT
        return self.port

    @property
    def of_nginx(self) -> bool:
        """Whether the directive is one of nginx's own modules."""
        return self.directive in _PROTOCOLS

    @property
    def takes_upstream(self) -> bool:
        """Whether the directive can name an upstream."""
        return self.context not in _DIRECTIVES_WITHOUT_UPSTREAM


def read_passes(tree: Iterable[Inside]) -> tuple[Pass, ...]:
    """Return all passes; one with a variable counts once for each value that the files give it."""
    everything = tuple(tree)
    given = _variable_values(everything)
    found = (d for d in everything if d[0].args and _protocol_of(*d))
    upstreams = frozenset(_upstreams(everything))
    return tuple(p for inside in found for p in _read(*inside, given, upstreams))


def listens(server: Directive) -> tuple[str, ...]:
    """Return the arguments of each `listen` of a server block, joined by spaces."""
    return tuple(" ".join(d.args) for d in server.block or () if d.name == "listen")


def server_names(server: Directive) -> tuple[str, ...]:
    """Return a server block's names, in order."""
    named = (d for d in server.block or () if d.name == "server_name")
    return tuple(name for directive in named for name in directive.args)


def context_of(parents: Iterable[Directive]) -> Context:
    """Return the part of nginx that these blocks belong to."""
    names = {parent.name for parent in parents}
    return next((context for context in Context if context in names), Context.HTTP)


def target_of(argument: str, upstreams: Collection[str] = ()) -> tuple[str, int | None]:
    """Return the host or upstream name, and the literal port, in a pass's argument.

    A variable after a port, or after the name of one of `upstreams`, counts as the path.
    """
    rest = _SCHEME.sub("", argument, count=1) if _SCHEME.match(argument) else argument
    if rest.startswith("unix:"):
        return rest, None
    place = _HOST_ENDS.split(rest, maxsplit=1)[0]
    if ported := _PORT_BEFORE_VARIABLE.match(place):
        return host_and_port(ported[1])
    host, has_variable_port, _ = place.partition(":$")
    if has_variable_port and "$" not in host:
        return host_and_port(host)[0], ANY_PORT
    name = place.partition("$")[0]
    return host_and_port(name if name in upstreams else place)


def _upstreams(everything: Iterable[Inside]) -> Iterator[tuple[str, Context]]:
    for directive, parents in everything:
        if directive.name == "upstream" and directive.args:
            yield directive.args[0], context_of(parents)


def _read(
    directive: Directive,
    parents: tuple[Directive, ...],
    given: _Given,
    upstreams: Collection[tuple[str, Context]],
) -> Iterator[Pass]:
    context, protocol = context_of(parents), _protocol_of(directive, parents) or Protocol.TCP
    around = _server_around(parents)
    heard = listens(around) if around else ()
    if heard and all("udp" in listen.split()[1:] for listen in heard):
        protocol = Protocol.UDP
    named = [name for name, half in upstreams if half is context]
    said = _backend_argument(directive, context)
    late = "$" in said
    values = _values(given, around, settled(parents)) if late else {}
    for argument in _readings(said, values):
        host, port = target_of(argument, named)
        if not host:
            continue  # as with a value `""` in a map: nginx then answers 500
        if port is None and directive.name in ("push", "pull"):
            port = _RTMP_PORT
        tls = argument.lower().startswith(_OVER_TLS)
        yield Pass(directive.name, protocol, host, port, directive.place, context, heard, late, tls)


def _protocol_of(directive: Directive, parents: tuple[Directive, ...]) -> Protocol | None:
    """Return the protocol of a directive to its backend, None if it leads to no backend."""
    name, context = directive.name, context_of(parents)
    if context in _DIRECTIVES_WITHOUT_UPSTREAM:
        return _DIRECTIVES_WITHOUT_UPSTREAM[context].get(name)
    if name in _PROTOCOLS:
        return Protocol.TCP if context is Context.STREAM else _PROTOCOLS[name]
    backend = _backend_argument(directive, context)
    within = backend.startswith(("/", "@"))  # for example `upload_pass @saved`
    return Protocol.TCP if name.endswith(_OTHER_MODULES) and not within else None


def _backend_argument(directive: Directive, context: Context) -> str:
    """Return the argument that names the backend; in modules such as Dubbo's it is the last."""
    first = directive.name in _PROTOCOLS or context in _DIRECTIVES_WITHOUT_UPSTREAM
    return directive.args[0 if first else -1]


def _server_around(parents: tuple[Directive, ...]) -> Directive | None:
    return next((p for p in reversed(parents) if p.name == "server"), None)


def _variable_values(everything: Iterable[Inside]) -> _Given:
    """Return all values that `set`, `map`, `split_clients` or `geo` may give variables."""
    given: _Given = {}
    for directive, parents in everything:
        if is_set(directive):
            around, (name, value) = _server_around(parents), directive.args[:2]
            _note(given, around.place if around else None, name, [value])
        elif directive.name in _CHOOSERS and directive.args and directive.block:
            rows = (d.args[0] for d in directive.block if d.args and d.name != COMMENT)
            _note(given, None, directive.args[-1], rows)
    return given


def _note(given: _Given, place: Place | None, name: str, texts: Iterable[str]) -> None:
    given.setdefault(place, {}).setdefault(name, []).extend(texts)


def _values(
    given: _Given, server: Directive | None, own: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return the values that variables may have in a server block; `own` take precedence.

    Values that another server block sets do not count. A variable that is set only to empty text is
    left out: it gets its value in a way that no directive shows, for example from Lua.
    """
    values: dict[str, list[str]] = {}
    for place in (None, server.place) if server else (None,):
        for name, texts in given.get(place, {}).items():
            values[name] = list(dict.fromkeys((*values.get(name, ()), *texts)))
    values |= {name: [text] for name, text in own.items()}
    return {name: texts for name, texts in values.items() if any(texts)}


def _readings(
    argument: str, values: Mapping[str, list[str]], filled: tuple[str, ...] = ()
) -> list[str]:
    """Return the argument with known variables replaced by each of their values, recursively.

    A variable in its own value, as in `set $args $args&x=1`, is replaced once.
    """
    for name in values if "$" in argument else ():
        pattern = variable_pattern(name)
        if name not in filled and pattern.search(argument):
            texts = (_filled(pattern, argument, value) for value in values[name])
            found = (r for text in texts for r in _readings(text, values, (*filled, name)))
            return list(dict.fromkeys(found))
    return [argument]


def _filled(pattern: re.Pattern[str], text: str, value: str) -> str:
    return pattern.sub(lambda _: value, text)
