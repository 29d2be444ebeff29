"""Durations as compose writes them: `10s`, `1m30s`, `200ms`, `12h`; a bare number is seconds."""

from __future__ import annotations

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)")
_BARE = re.compile(r"\d+(?:\.\d+)?")


def parse_duration(value: object) -> float:
    """Return a duration in seconds.

    Raises:
        ValueError: not a duration; the message is the end of a sentence that begins with the key.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"must be a duration, for example 10s or 1m30s, not {value!r}")
    text = str(value).strip()
    if _BARE.fullmatch(text):
        return float(text)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"must be a duration, for example 10s or 1m30s, not {text!r}")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def format_duration(seconds: float) -> str:
    """Return a duration in its shortest exact form: `0.2` → `200ms`, `90` → `1m30s`."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{hours:g}h" if hours else "", f"{minutes:g}m" if minutes else ""]
    return "".join(parts) + (f"{rest:g}s" if rest or not (hours or minutes) else "")
