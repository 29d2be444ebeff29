"""Which mount of a container a path is on."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.model import Mount


def mount_under(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """Return the innermost mount that the path is on, None for the container's own filesystem."""
    over = [m for m in mounts if lies_on(path, m.destination)]
    return max(over, key=lambda m: len(m.destination), default=None)


def source_of(path: str, mounts: Sequence[Mount]) -> str:
    """Return the path on the engine's host; empty if the path is on no mount with a source."""
    under = mount_under(path, mounts)
    if under is None or not under.source:
        return ""
    return under.source.rstrip("/") + path.removeprefix(under.destination.rstrip("/"))


def lies_on(path: str, destination: str) -> bool:
    """Return whether a path is `destination` or inside it."""
    return path == destination or path.startswith(destination.rstrip("/") + "/")
