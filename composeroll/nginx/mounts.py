"""Where a path of a container lies."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.model import Mount


def mount_under(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """The innermost mount that holds the path, None for the container's own filesystem."""
    over = [m for m in mounts if _lies_on(path, m.destination)]
    return max(over, key=lambda m: len(m.destination), default=None)


def _lies_on(path: str, destination: str) -> bool:
    return path == destination or path.startswith(destination.rstrip("/") + "/")
