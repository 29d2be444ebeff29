"""nginx's `log_format`: its text, taken apart as ngx_http_log_module does. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

_PIECE = re.compile(r"\$\{(\w+)\}|\$(\w+)|([^$]+|\$)")
_SPOKEN = {"t": "\t", "r": "\r", "n": "\n", '"': '"', "'": "'", "\\": "\\"}
_BACKSLASHED = re.compile(r"""\\([trn"'\\])""")


class Escape(StrEnum):
    """How a variable's text is made safe before it is written."""

    DEFAULT = "default"
    JSON = "json"
    NONE = "none"


class Literal(Struct, frozen=True):
    """What every line of the format says in the same words."""

    text: str


class Variable(Struct, frozen=True):
    """What each line says of its own request; `name` without the dollar, in lower case."""

    name: str


class LogFormat(Struct, frozen=True):
    """A format of access logs.

    Attributes:
        text: what one line is made of, with nginx's own backslashes already meant.
    """

    name: str
    text: str
    escape: Escape = Escape.DEFAULT

    @property
    def pieces(self) -> tuple[Literal | Variable, ...]:
        """The text as literals and variables, in their order."""
        return tuple(_pieces(self.text))

    @property
    def variables(self) -> frozenset[str]:
        """The names of all its variables."""
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Variable))


COMBINED = LogFormat(
    "combined",
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
    ' "$http_referer" "$http_user_agent"',
)
"""The one format that every nginx knows (ngx_http_log_module, `ngx_http_combined_fmt`)."""


def read_format(args: Sequence[str]) -> LogFormat:
    """The format of a `log_format` directive, by its arguments."""
    name, *texts = args
    escape = Escape.DEFAULT
    if texts and texts[0].startswith("escape="):
        escape, texts = _escape(texts[0]), texts[1:]
    return LogFormat(name, _as_nginx_means("".join(texts)), escape)


def _escape(word: str) -> Escape:
    """Only the three words are known; a newer one is read like none at all."""
    known = {f"escape={one}": one for one in Escape}
    return known.get(word, Escape.NONE)


def _as_nginx_means(text: str) -> str:
    r"""A quoted word as nginx's own reader means it: `\t` is a tab (ngx_conf_read_token)."""
    return _BACKSLASHED.sub(lambda found: _SPOKEN[found[1]], text)


def _pieces(text: str) -> Iterator[Literal | Variable]:
    for braced, bare, words in _PIECE.findall(text):
        yield Variable((braced or bare).lower()) if braced or bare else Literal(words)
