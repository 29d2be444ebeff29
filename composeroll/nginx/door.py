"""The interface that this package requires of a container engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from composeroll.model import LogStream, Output, Process

TIMED_OUT = 124
"""The exit code that the engine package returns for a command that ran past its timeout."""


class Prepared(Protocol):
    """A command that waits in a container for the signal to start."""

    def go(self) -> None:
        """Start the command."""
        ...

    def outcome(self, timeout: float) -> Output:
        """Return what the command output, after at most `timeout` seconds."""
        ...

    def close(self) -> None:
        """Close the connection to the command; if it has not been started, it never will be."""
        ...


class ContainerDoor(Protocol):
    """Commands, processes and files of one engine's containers. All IDs are full IDs.

    Every method raises `EngineError` if the engine refuses, `EngineUnreachable` if it does not
    answer.
    """

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """Run `argv` in a container, as `user` (empty: the container's own user).

        A command that runs for more than `timeout` seconds has the exit code `TIMED_OUT`.
        """
        ...

    def prepare(self, container: str, argv: Sequence[str]) -> Prepared:
        """Make `argv` wait in a container, as the container's own user.

        The outcome's exit code is 126 or 127 if the image has no shell to wait in.
        """
        ...

    def processes(self, container: str) -> tuple[Process, ...]:
        """Return the container's processes, with the engine host's pids."""
        ...

    def read_file(self, container: str, path: str) -> bytes | None:
        """Return a file's content, None if there is no file; needs no program in the image."""
        ...

    def write_file(self, container: str, path: str, content: bytes) -> None:
        """Write a file, keeping its mode and owner; needs no program in the image."""
        ...

    def stamped_log(
        self, container: str, stream: LogStream, lines: int, since: str
    ) -> tuple[tuple[str, str], ...]:
        """Return the last lines of a container's output, each with the engine's timestamp.

        Args:
            container: its full ID.
            stream: the output to read.
            lines: the maximum number of lines.
            since: a timestamp from an earlier call; older lines are left out. If empty, none is.
        """
        ...
