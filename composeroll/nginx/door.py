"""What this package needs of a container engine, stated where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from composeroll.model import LogStream, Output, Process

TIMED_OUT = 124
"""The exit code of a command that was not waited for any longer; the engine uses it."""


class Prepared(Protocol):
    """A command that waits in a container for a word to begin."""

    def go(self) -> None:
        """Let it begin."""
        ...

    def outcome(self, timeout: float) -> Output:
        """Wait for its end, at most `timeout` seconds."""
        ...

    def close(self) -> None:
        """Let go of it; one that has not begun never will."""
        ...


class ContainerDoor(Protocol):
    """Commands, processes and files of one engine's containers. All IDs are full IDs.

    Every method raises `EngineError` when the engine refuses, `EngineUnreachable` when it is gone.
    """

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """Run `argv` in a container, as `user` (empty: the container's own); seconds.

        One that outlives them has the exit code `TIMED_OUT`.
        """
        ...

    def prepare(self, container: str, argv: Sequence[str]) -> Prepared:
        """Have `argv` wait in a container, as its own user.

        Its outcome is 126 or 127 where the image has no shell to wait in.
        """
        ...

    def processes(self, container: str) -> tuple[Process, ...]:
        """The container's processes with the host's pids."""
        ...

    def read_file(self, container: str, path: str) -> bytes | None:
        """A file's content, without any program in the image; None where there is no file."""
        ...

    def write_file(self, container: str, path: str, content: bytes) -> None:
        """Put a file in place, without any program in the image, keeping mode and owner."""
        ...

    def stamped_log(
        self, container: str, stream: LogStream, lines: int, since: str
    ) -> tuple[tuple[str, str], ...]:
        """The last lines of a container's output, each with the engine's time stamp.

        Args:
            container: its full ID.
            stream: which output.
            lines: how many at most.
            since: a stamp from an earlier call; older lines are left out. Empty: all.
        """
        ...
