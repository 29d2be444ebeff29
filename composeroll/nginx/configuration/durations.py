"""nginx's notation of time intervals."""

from __future__ import annotations

import re

_UNITS = {
    "ms": 0.001,
    "": 1.0,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "M": 2592000.0,
    "y": 31536000.0,
}
"""Seconds by suffix (nginx.org, "Configuration file measurement units")."""

_PART = re.compile(r"(\d+)(ms|[smhdwMy]?)\s*")
_WHOLE = re.compile(r"(?:\d+(?:ms|[smhdwMy]?)\s*)+")


def seconds(text: str) -> float | None:
    """Return `1h 30m`, `500ms` or `75` in seconds; None if the text is not a time interval."""
    if not _WHOLE.fullmatch(text):
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
