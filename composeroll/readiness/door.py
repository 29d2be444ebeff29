"""What this package needs from a container engine, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from composeroll.model import ContainerEvent, Output, Replica
from composeroll.readiness.pipe import Pipe


class Running(Protocol):
    """A command that runs in a container."""

    def outcome(self, timeout: float) -> Output:
        """Wait for its end; the output is `overdue` after `timeout` seconds, or once closed."""
        ...

    def close(self) -> None:
        """Abandon the command; a call of `outcome` that waits in another thread returns."""
        ...


class ContainerDoor(Protocol):
    """Commands, connections and state of one engine's containers, from any thread. Full IDs only.

    Every method raises `EngineError` if the engine refuses, `EngineUnreachable` if it is gone.
    """

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """Run `argv` in a container, as `user` (empty: the container's), for `timeout` seconds."""
        ...

    def begin(self, container: str, argv: Sequence[str]) -> Running:
        """Start `argv` in a container, as the container's user."""
        ...

    def dial(self, container: str, argv: Sequence[str]) -> Pipe:
        """Start `argv` in a container; the pipe is its standard input and output."""
        ...

    def find(self, container: str) -> Replica | None:
        """Return a container as it is now, None if it is gone."""
        ...

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """Return the last lines that a container wrote, oldest first."""
        ...


class EventStream(Protocol):
    """Events about containers, from the moment the stream was opened."""

    def next(self, timeout: float) -> ContainerEvent | None:
        """Return the next event, or None if there is none within `timeout` seconds.

        An event without an ID means that events may have been missed.
        """
        ...
