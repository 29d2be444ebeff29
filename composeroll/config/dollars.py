"""Dollar signs: `docker compose config` prints each twice, as a compose file has to write it."""

from __future__ import annotations


def written(value: object) -> str:
    """Return the text that a compose file means, with single dollar signs."""
    return str(value).replace("$$", "$")
