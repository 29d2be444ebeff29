"""What this package needs of a container engine, stated where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from composeroll.model import ContainerEvent, Output, Replica
from composeroll.readiness.pipe import Pipe


class Running(Protocol):
    """A command in a container."""

    def outcome(self, timeout: float) -> Output:
        """Wait at most `timeout` seconds for its end; overdue after them, or once it is closed."""
        ...

    def close(self) -> None:
        """Let go of it; an `outcome` that waits in another thread ends too."""
        ...


class ContainerDoor(Protocol):
    """Commands, connections and state of one engine's containers, from any thread. Full IDs only.

    Every method raises `EngineError` when the engine refuses, `EngineUnreachable` when it is gone.
    """

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """Run `argv` in a container, as `user` (empty: the container's own); seconds."""
        ...

    def begin(self, container: str, argv: Sequence[str]) -> Running:
        """Start `argv` in a container, as its own user."""
        ...

    def dial(self, container: str, argv: Sequence[str]) -> Pipe:
        """Start `argv` in a container; the pipe is its standard input and output."""
        ...

    def find(self, container: str) -> Replica | None:
        """A container as it is now, None if it is gone."""
        ...

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """The last lines that a container wrote, oldest first."""
        ...


class EventStream(Protocol):
    """Events about containers, from the moment it was opened."""

    def next(self, timeout: float) -> ContainerEvent | None:
        """The next event, or None where there is none within `timeout` seconds.

        One without an ID says that events may have been missed.
        """
        ...
