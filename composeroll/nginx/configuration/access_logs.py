"""The access logs to which each pass writes, by nginx's rule of inheritance. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from composeroll.nginx.configuration.log_format import COMBINED, LogFormat, read_format
from composeroll.nginx.configuration.passes import context_of
from composeroll.nginx.configuration.syntax import Directive, Place, Tree
from composeroll.nginx.configuration.upstreams import Context

OFF = "off"

BUILT_IN = "/var/log/nginx/access.log"
"""The log of an nginx without `access_log`: `--http-log-path` of the packages of Debian and
nginx.org."""


class AccessLog(Struct, frozen=True):
    """One `access_log` directive in force.

    Attributes:
        target: a file's path, `syslog:…` or `off`.
        form: the format of its lines; None if no `log_format` that was read defines it.
        compressed: whether nginx compresses it.
        partial: whether it leaves out requests (`if=`).
        late: whether it is buffered without `flush`, so that nginx writes only a full buffer.
        place: None for nginx's default log.
    """

    target: str
    form: LogFormat | None
    compressed: bool = False
    partial: bool = False
    late: bool = False
    place: Place | None = None

    def __str__(self) -> str:
        return f"access_log {self.target}" + (f" ({self.place})" if self.place else "")


def logs_of_passes(tree: Tree) -> Mapping[Place, tuple[AccessLog, ...]]:
    """Return the logs in force at each `*_pass` directive, by its place."""
    formats = _formats(directive for directive, _ in tree)
    found: dict[Place, tuple[AccessLog, ...]] = {}
    for directive, parents in tree:
        if directive.name.endswith("_pass"):
            logs = _in_force(parents, formats)
            found[directive.place] = tuple(dict.fromkeys((*found.get(directive.place, ()), *logs)))
    return found


def _formats(directives: Iterable[Directive]) -> Mapping[str, LogFormat]:
    read = (read_format(d.args) for d in directives if d.name == "log_format" and d.args)
    return {COMBINED.name: COMBINED, **{form.name: form for form in read}}


def _in_force(
    parents: tuple[Directive, ...], formats: Mapping[str, LogFormat]
) -> tuple[AccessLog, ...]:
    """Return the logs of the innermost block that has any; if one of them is `off`, only that one.

    If no block has any, http has nginx's default log, and stream none (ngx_stream_log_module).
    """
    for block in reversed(parents):
        here = [d for d in block.block or () if d.name == "access_log" and d.args]
        if here:
            off = [d for d in here if d.args[0] == OFF]
            return tuple(_read(directive, formats) for directive in off or here)
    return (AccessLog(BUILT_IN, COMBINED),) if context_of(parents) is Context.HTTP else ()


def _read(directive: Directive, formats: Mapping[str, LogFormat]) -> AccessLog:
    target, *words = directive.args
    form, options = COMBINED.name, words
    if words and not _is_option(words[0]):
        form, options = words[0], words[1:]
    names = {option.partition("=")[0] for option in options}
    return AccessLog(
        target,
        formats.get(form),
        compressed="gzip" in names,
        partial="if" in names,
        late="buffer" in names and "flush" not in names,
        place=directive.place,
    )


def _is_option(word: str) -> bool:
    return "=" in word or word == "gzip"
