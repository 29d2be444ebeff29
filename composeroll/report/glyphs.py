"""The symbols of the live view, in Unicode and in ASCII."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Glyphs(Struct, frozen=True):
    """One set of symbols; each is one column wide, except `ellipsis`."""

    done: str
    failed: str
    undone: str
    warning: str
    note: str
    rule: str
    bar: str
    filled: str
    empty: str
    ellipsis: str
    spinner: str


UNICODE = Glyphs("✔", "✘", "↩", "!", "·", "─", "│", "━", "─", "…", "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
ASCII = Glyphs("+", "x", "<", "!", "-", "-", "|", "#", ".", "..", "|/-\\")


def speaks_unicode(environ: Mapping[str, str], encoding: str) -> bool:
    """Return whether the user's locale and the stream can show Unicode.

    The stream's encoding alone does not tell: Python writes UTF-8 even under `LC_ALL=C` (PEP 540).
    """
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C"
    if locale in {"C", "POSIX"}:
        return False
    try:
        "".join(UNICODE.spinner + UNICODE.done + UNICODE.filled).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
