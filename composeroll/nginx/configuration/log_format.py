"""nginx's `log_format`, parsed as ngx_http_log_module does. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

_PIECE = re.compile(r"\$\{(\w+)\}|\$(\w+)|([^$]+|\$)")
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", '"': '"', "'": "'", "\\": "\\"}
_BACKSLASHED = re.compile(r"""\\([trn"'\\])""")


class Escape(StrEnum):
    """How nginx escapes the values of variables in a log."""

    DEFAULT = "default"
    JSON = "json"
    NONE = "none"


class Literal(Struct, frozen=True):
    """Text that is the same in every line of the format."""

    text: str


class Variable(Struct, frozen=True):
    """A variable, of which each line has a value; `name` without the dollar, in lower case."""

    name: str


class LogFormat(Struct, frozen=True):
    """A format of access logs.

    Attributes:
        text: literals and variables of a line, with nginx's backslash escapes resolved.
    """

    name: str
    text: str
    escape: Escape = Escape.DEFAULT

    @property
    def pieces(self) -> tuple[Literal | Variable, ...]:
        """The text as literals and variables, in order."""
        return tuple(_pieces(self.text))

    @property
    def variables(self) -> frozenset[str]:
        """The names of all variables in the format."""
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Variable))


COMBINED = LogFormat(
    "combined",
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
    ' "$http_referer" "$http_user_agent"',
)
"""nginx's predefined format (ngx_http_log_module, `ngx_http_combined_fmt`)."""


def read_format(args: Sequence[str]) -> LogFormat:
    """Return the format that a `log_format` directive with these arguments defines."""
    name, *texts = args
    escape = Escape.DEFAULT
    if texts and texts[0].startswith("escape="):
        escape, texts = _escape(texts[0]), texts[1:]
    return LogFormat(name, _unescaped("".join(texts)), escape)


def _escape(word: str) -> Escape:
    """Return the escaping of an `escape=` parameter; an unknown one counts as `none`."""
    known = {f"escape={one}": one for one in Escape}
    return known.get(word, Escape.NONE)


def _unescaped(text: str) -> str:
    r"""Return a quoted argument as nginx parses it: `\t` is a tab (ngx_conf_read_token)."""
    return _BACKSLASHED.sub(lambda found: _ESCAPES[found[1]], text)


def _pieces(text: str) -> Iterator[Literal | Variable]:
    for braced, bare, words in _PIECE.findall(text):
        yield Variable((braced or bare).lower()) if braced or bare else Literal(words)
