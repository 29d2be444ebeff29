"""What a service of the compose file mounts; `docker compose config` prints the long form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def written_volumes(volumes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the named volumes that it can write to."""
    named = (v for v in volumes if v.get("type") == "volume" and v.get("source"))
    return (str(v["source"]) for v in named if not v.get("read_only"))


def mounted(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths in its containers where it mounts lasting data or a tmpfs."""
    for volume in raw.get("volumes") or ():
        if volume.get("source") or volume.get("type") != "volume":
            yield str(volume.get("target") or "")
    yield from (str(path).partition(":")[0] for path in raw.get("tmpfs") or ())


def binds(volumes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the absolute host paths that it mounts."""
    return (str(v["source"]) for v in volumes if v.get("type") == "bind" and v.get("source"))
