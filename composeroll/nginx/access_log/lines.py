"""A reader for the lines of a log format. Pure.

A line is matched in chunks. Each chunk begins with a variable of which only nginx's escaping is
known, and extends to the next such variable. A chunk is matched at the first possible position and
never again, so that the text of a client's request cannot make the matching slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from composeroll.nginx.configuration.log_format import Escape, Literal, LogFormat, Variable

WANTED = ("status", "upstream_addr", "upstream_status")
"""The variables that say which server answered, and with which status."""

LONGEST = 65536
"""The most characters in a line; longer lines are not matched. nginx itself accepts 8 KiB for a
request line and for each header (large_client_header_buffers)."""

Reader = Callable[[str], Mapping[str, str] | None]
"""Returns the `WANTED` variables in a line, None for a line that does not match the format."""

_FREE = {
    Escape.DEFAULT: r'[^"\x00-\x1f]*?',
    Escape.JSON: r'(?:[^"\\\x00-\x1f]|\\.)*?',
    Escape.NONE: r".*?",
}

_PEER = r'[^\s,"]+'
_NUMBER = r"[0-9]+"
_TIME = r"[0-9]+\.[0-9]+"


def _listed(item: str) -> str:
    """Return a pattern for an `$upstream_` variable: one item per try, `-` or nothing without one.

    A colon separates the servers of two upstreams (ngx_http_upstream_module, "Variables").
    """
    return rf"(?:(?:{item}|-)(?:(?:, | : )(?:{item}|-))*)?"


_KNOWN = {
    "status": r"[0-9]{3}",
    "upstream_addr": _listed(_PEER),
    "upstream_status": _listed(r"[0-9]{3}"),
    "upstream_response_time": _listed(_TIME),
    "upstream_connect_time": _listed(_TIME),
    "upstream_header_time": _listed(_TIME),
    "upstream_response_length": _listed(_NUMBER),
    "upstream_bytes_received": _listed(_NUMBER),
    "upstream_bytes_sent": _listed(_NUMBER),
    "msec": _TIME,
    "request_time": _TIME,
    "bytes_sent": _NUMBER,
    "body_bytes_sent": _NUMBER,
    "request_length": _NUMBER,
    "connection": _NUMBER,
    "connection_requests": _NUMBER,
    "pid": _NUMBER,
    "remote_port": r"(?:[0-9]+|-)?",
    "server_port": r"(?:[0-9]+|-)?",
    "remote_addr": r'[^\s"]+',
    "request_method": r'[^\s"]*',
    "time_iso8601": r"[0-9:T+-]+",
    "time_local": r"[0-9]{2}/\w{3}/[0-9:]+ [+-][0-9]{4}",
}
"""Patterns of these variables' values, with any escaping (ngx_http_variables.c)."""


def reader_of(form: LogFormat) -> Reader:
    """Return a reader for a format's lines."""
    whole = re.compile("".join(f"(?>{chunk})" for chunk in _chunks(form)), re.DOTALL)

    def read(line: str) -> Mapping[str, str] | None:
        found = whole.match(line) if len(line) <= LONGEST else None
        return found.groupdict() if found else None

    return read


def _chunks(form: LogFormat) -> Iterator[str]:
    chunk, named = "", set[str]()
    for piece in form.pieces:
        if isinstance(piece, Literal):
            chunk += re.escape(piece.text)
        elif piece.name in _KNOWN:
            chunk += _known(piece, first=piece.name not in named)
            named.add(piece.name)
        else:
            yield chunk
            chunk = _FREE[form.escape]
    yield chunk + r"\Z"


def _known(variable: Variable, *, first: bool) -> str:
    wanted = first and variable.name in WANTED
    name = f"?P<{variable.name}>" if wanted else "?:"
    return f"({name}{_KNOWN[variable.name]})"
