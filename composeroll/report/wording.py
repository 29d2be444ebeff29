"""Text for seconds, sizes and counts, and foreign text made safe to print, for every renderer."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

KILO = 1000
MINUTE = 60
SHORT_ID = 12

FIX = "fix the image, or its service in the compose file, and run the same command again"

_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, links
    r"|\x1b[PX^_](?:[^\x1b\n]|\x1b\x1b)*\x1b\\"  # DCS and its like: strings up to their end
    r"|\x1b(?:[ -/]*[0-~])?"  # all others: character sets, the keypad, a cursor that is saved
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_ASCII = str.maketrans(
    {
        "→": "->",
        "…": "...",
        "\N{EN DASH}": "-",
        "—": "-",
        "─": "-",
        "·": "-",
        "\N{MULTIPLICATION SIGN}": "x",
    }
)

T = TypeVar("T")


def seconds_text(seconds: float) -> str:
    """Return `0.4s`, `12.3s` or `1m05s`: three digits are enough to compare."""
    if seconds < MINUTE - 0.05:
        return f"{max(seconds, 0):.1f}s"
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes}m{rest:02d}s"


def bytes_text(size: float) -> str:
    """Return a size in decimal units, as docker prints an image's."""
    for unit in ("B", "kB", "MB"):
        if size < KILO:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= KILO
    return f"{size:.1f} GB"


def count_text(number: int, noun: str) -> str:
    """Return `1 worker`, `2 workers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def short_image(image: str) -> str:
    """Return the 12 digits that docker prints of an image ID, which may begin with `sha256:`."""
    return image.removeprefix("sha256:")[:SHORT_ID]


def fix_text(service: str, image: str) -> str:
    """Return the advice for a replica that has died, whose image or definition may be the cause."""
    return (
        f"fix the image {short_image(image)} of {service}, or its service in the compose file, then"
        f" run the same command again; `composeroll check {service}` shows what else is wrong"
    )


def clean_text(text: str, *, ascii_only: bool = False) -> str:
    """Return foreign text (logs, compose's output) without escape sequences and control characters.

    With `ascii_only`, arrows and dashes are spelled out and all other characters beyond ASCII
    become `?`.
    """
    text = _ESCAPE.sub("", text.replace("\r\n", "\n")).replace("\t", "    ")
    text = _CONTROL.sub(" ", text)
    return text.translate(_ASCII).encode("ascii", "replace").decode() if ascii_only else text


def clean_event(event: T, *, ascii_only: bool = False) -> T:
    """Return the event with every text in it made safe to print, at any depth."""
    return each_text(event, partial(clean_text, ascii_only=ascii_only))


def each_text(value: T, change: Callable[[str], str]) -> T:
    """Return an event, status or finding with `change` applied to each text, at any depth."""
    found: object = value
    if isinstance(value, str) and not isinstance(value, Enum):
        found = change(value)
    elif isinstance(value, tuple):
        found = tuple(each_text(item, change) for item in value)
    elif isinstance(value, Struct):
        found = replace(value, **{k: each_text(v, change) for k, v in asdict(value).items()})
    return found  # type: ignore[return-value]  # the branches keep the type, which mypy cannot see
