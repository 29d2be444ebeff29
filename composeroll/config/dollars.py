"""Dollars: `docker compose config` prints one as a compose file has to write it, twice."""

from __future__ import annotations


def written(value: object) -> str:
    """A text as whoever wrote the file meant it."""
    return str(value).replace("$$", "$")
