"""Where a path of a container lies."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.model import Mount


def mount_under(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """The innermost mount that holds the path, None for the container's own filesystem."""
    over = [m for m in mounts if lies_on(path, m.destination)]
    return max(over, key=lambda m: len(m.destination), default=None)


def source_of(path: str, mounts: Sequence[Mount]) -> str:
    """Where on the engine's host the path is; empty where no mount with a source holds it."""
    under = mount_under(path, mounts)
    if under is None or not under.source:
        return ""
    return under.source.rstrip("/") + path.removeprefix(under.destination.rstrip("/"))


def lies_on(path: str, destination: str) -> bool:
    """Whether a path is this one, or something in it."""
    return path == destination or path.startswith(destination.rstrip("/") + "/")
