"""What this room needs of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from composeroll.rollout.lock.note import Found


class Locks(Protocol):
    """Locks on the engine: see `composeroll.engine.locks`."""

    def claim(self, name: str, project: str, holder: str) -> str | None:
        """Take a lock; its ID, or None if somebody has it."""
        ...

    def find(self, name: str) -> Found | None:
        """The lock of that name, None where nobody has it."""
        ...

    def id_of(self, name: str) -> str | None:
        """The ID of the lock of that name."""
        ...

    def of_project(self, project: str) -> Sequence[Found]:
        """All locks of a project."""
        ...

    def write(self, container: str, note: str) -> None:
        """Write the holder's note."""
        ...

    def set_aside(self, container: str, name: str) -> None:
        """Give a lock another name, by its ID; one that is gone, or has it already, is fine."""
        ...

    def release(self, container: str) -> None:
        """Give a lock up, by its ID."""
        ...

    def now(self) -> float:
        """Seconds on the engine's own clock."""
        ...
