"""nginx's version, and the versions that introduced certain features."""

from __future__ import annotations

Version = tuple[int, ...]

KEEPALIVE_MIN_TIMEOUT = (1, 27, 4)
"""The first version with `keepalive_min_timeout` (nginx CHANGES)."""

RESOLVE = (1, 27, 3)
"""The first open source version with `server NAME resolve` (nginx CHANGES)."""

_MARK = "nginx version: "


def read_version(text: str) -> Version:
    """Return the numbers in what `nginx -v` prints on stderr; empty if there are none.

    `nginx version: nginx/1.26.3 (Ubuntu)` is 1.26.3; openresty's four numbers begin with nginx's.
    """
    line = next((line for line in text.splitlines() if line.startswith(_MARK)), "")
    numbers = line.removeprefix(_MARK).partition("/")[2].partition(" ")[0].split(".")
    return tuple(int(number) for number in numbers if number.isdecimal())
