"""How seconds, sizes and foreign text are put into words, the same way in every renderer."""

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
    """`0.4s`, `12.3s`, `1m05s`: three digits are enough to compare."""
    if seconds < MINUTE - 0.05:
        return f"{max(seconds, 0):.1f}s"
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes}m{rest:02d}s"


def bytes_text(size: float) -> str:
    """Decimal units, as docker prints an image's size."""
    for unit in ("B", "kB", "MB"):
        if size < KILO:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= KILO
    return f"{size:.1f} GB"


def count_text(number: int, noun: str) -> str:
    """`1 worker`, `2 workers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def short_image(image: str) -> str:
    """The 12 digits docker prints, of an image ID with or without its `sha256:`."""
    return image.removeprefix("sha256:")[:SHORT_ID]


def mend_text(service: str, image: str) -> str:
    """What helps where a replica has died."""
    return (
        f"mend the image {short_image(image)} of {service}, then run the same command again;"
        f" `composeroll check {service}` shows what else is wrong"
    )


def clean_text(text: str, *, ascii_only: bool = False) -> str:
    """Foreign text (logs, compose's words) without escapes, carriage returns and other controls.

    With `ascii_only`, common signs are spelled out and anything else unprintable becomes `?`.
    """
    text = _ESCAPE.sub("", text.replace("\r\n", "\n")).replace("\t", "    ")
    text = _CONTROL.sub(" ", text)
    return text.translate(_ASCII).encode("ascii", "replace").decode() if ascii_only else text


def clean_event(event: T, *, ascii_only: bool = False) -> T:
    """The same event with every text in it made safe to print, at any depth."""
    return each_text(event, partial(clean_text, ascii_only=ascii_only))


def each_text(value: T, said: Callable[[str], str]) -> T:
    """The same event, status or finding with every text in it said so, at any depth."""
    found: object = value
    if isinstance(value, str) and not isinstance(value, Enum):
        found = said(value)
    elif isinstance(value, tuple):
        found = tuple(each_text(item, said) for item in value)
    elif isinstance(value, Struct):
        found = replace(value, **{k: each_text(v, said) for k, v in asdict(value).items()})
    return found  # type: ignore[return-value]  # the branches keep the type, which mypy cannot see
