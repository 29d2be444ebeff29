"""What the locks need from the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from composeroll.rollout.lock.note import Found


class Locks(Protocol):
    """Locks on the engine: see `composeroll.engine.locks`."""

    def claim(self, name: str, project: str, holder: str) -> str | None:
        """Take a lock; return its ID, or None if another run holds it."""
        ...

    def find(self, name: str) -> Found | None:
        """Return the lock of that name, or None if nobody holds it."""
        ...

    def id_of(self, name: str) -> str | None:
        """Return the ID of the lock of that name, or None if nobody holds it."""
        ...

    def of_project(self, project: str) -> Sequence[Found]:
        """Return all locks of a project."""
        ...

    def write(self, container: str, note: str) -> None:
        """Write the holder's note."""
        ...

    def set_aside(self, container: str, name: str) -> None:
        """Rename a lock, by its ID; no error if it is gone or has that name already."""
        ...

    def release(self, container: str) -> None:
        """Release a lock, by its ID."""
        ...

    def now(self) -> float:
        """Return the seconds on the engine's own clock."""
        ...
