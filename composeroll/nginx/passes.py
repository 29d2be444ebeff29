"""Where nginx sends requests: the `*_pass` directives and what they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from composeroll.model import Protocol
from composeroll.nginx.syntax import COMMENT, Directive, Inside, Place
from composeroll.nginx.upstreams import Context, host_and_port

_PROTOCOLS = {
    "proxy_pass": Protocol.HTTP,
    "grpc_pass": Protocol.GRPC,
    "fastcgi_pass": Protocol.FASTCGI,
    "uwsgi_pass": Protocol.UWSGI,
    "scgi_pass": Protocol.TCP,
    "memcached_pass": Protocol.TCP,
}
_HOST_ENDS = re.compile(r"[/?]|\$\{?(?:request_uri|document_uri|uri|is_args|args|query_string)\b")
"""Where the path of a URL begins, which these variables hold too."""

_CHOOSERS = ("map", "split_clients", "geo")

_OVER_TLS = ("https://", "grpcs://", "suwsgi://")


class Pass(Struct, frozen=True):
    """One way from nginx to a backend.

    Attributes:
        target: an upstream's name or a host; a variable nobody sets to a plain text stays `$name`.
        port: where the directive gives one itself.
        listens: the `listen` arguments of the server block around it.
        variable: whether it is looked up at each request.
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


def read_passes(tree: Iterable[Inside]) -> tuple[Pass, ...]:
    """All passes; one through a variable counts once for each value that the files give it."""
    everything = tuple(tree)
    values = _values(directive for directive, _ in everything)
    found = (d for d in everything if d[0].name in _PROTOCOLS and d[0].args)
    return tuple(p for inside in found for p in _read(*inside, values))


def listens(server: Directive) -> tuple[str, ...]:
    """A server block's `listen` arguments, each as one text."""
    return tuple(" ".join(d.args) for d in server.block or () if d.name == "listen")


def server_names(server: Directive) -> tuple[str, ...]:
    """A server block's names, in their order."""
    named = (d for d in server.block or () if d.name == "server_name")
    return tuple(name for directive in named for name in directive.args)


def context_of(parents: Iterable[Directive]) -> Context:
    """The half of nginx that these blocks stand in."""
    return Context.STREAM if any(p.name == "stream" for p in parents) else Context.HTTP


def target_of(argument: str) -> tuple[str, int | None]:
    """Host or upstream name, and the literal port, of a pass's argument."""
    _, scheme, rest = argument.rpartition("://") if "://" in argument else ("", "", argument)
    if rest.startswith("unix:"):
        return rest, None
    return host_and_port(_HOST_ENDS.split(rest, 1)[0] if scheme else rest)


def _read(
    directive: Directive, parents: tuple[Directive, ...], values: Mapping[str, list[str]]
) -> Iterator[Pass]:
    context = context_of(parents)
    protocol = Protocol.TCP if context is Context.STREAM else _PROTOCOLS[directive.name]
    around = next((p for p in reversed(parents) if p.name == "server"), None)
    heard = listens(around) if around else ()
    for argument in _readings(directive.args[0], values):
        host, port = target_of(argument)
        late, tls = "$" in directive.args[0], argument.startswith(_OVER_TLS)
        yield Pass(directive.name, protocol, host, port, directive.place, context, heard, late, tls)


def _values(directives: Iterable[Directive]) -> dict[str, list[str]]:
    """Every plain text that `set`, `map`, `split_clients` or `geo` may give a variable."""
    values: dict[str, list[str]] = {}
    for directive in directives:
        if directive.name == "set" and len(directive.args) > 1:
            values.setdefault(directive.args[0], []).append(directive.args[1])
        elif directive.name in _CHOOSERS and directive.args and directive.block:
            rows = (d.args[0] for d in directive.block if d.args and d.name != COMMENT)
            values.setdefault(directive.args[-1], []).extend(rows)
    return {name: list(dict.fromkeys(texts)) for name, texts in values.items()}


def _readings(argument: str, values: Mapping[str, list[str]]) -> list[str]:
    """The argument with its known variables replaced by each of their values."""
    readings = [argument]
    for name in sorted(values, key=len, reverse=True):
        for spelled in (f"${{{name[1:]}}}", name):
            if spelled in argument:
                readings = [r.replace(spelled, value) for r in readings for value in values[name]]
    return list(dict.fromkeys(readings))
