"""The lines of an access log: the last ones first, then those that nginx appends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

from composeroll.errors import GatewayError
from composeroll.model import LogStream
from composeroll.nginx.door import ContainerDoor
from composeroll.nginx.install import NOT_RUN

MAX_BYTES = 1 << 20
"""The most bytes of a file that one reading returns; of more, the newest."""

LINES = 5000
"""The most lines of a container's output that one reading returns; of more, the newest. The engine
reads them from the end, so a log of gigabytes costs no more."""

OUTPUTS = {
    "/dev/stdout": LogStream.STDOUT,
    "/proc/self/fd/1": LogStream.STDOUT,
    "/proc/1/fd/1": LogStream.STDOUT,
    "/dev/stderr": LogStream.STDERR,
    "/proc/self/fd/2": LogStream.STDERR,
    "/proc/1/fd/2": LogStream.STDERR,
}
"""Paths of the container's output, which the engine keeps. Under a supervisor, nginx writes to the
output of the first process."""


class Tail(Protocol):
    """A log that is read repeatedly."""

    def read(self) -> Sequence[str]:
        """Return the lines since the last call; at the first call, the log's last lines.

        Raises:
            EngineError: the engine refuses.
            GatewayError: it cannot be read.
        """
        ...


def tail_of(door: ContainerDoor, container: str, target: str) -> Tail:
    """Return the tail of a log, which is the container's output or a file in the container.

    Raises:
        EngineError: the engine refuses.
        GatewayError: it cannot be read.
    """
    stream = OUTPUTS.get(target)
    if stream is None:
        stream = OUTPUTS.get(_look(door, container, target, most=0).strip())
    return OutputTail(door, container, stream) if stream else FileTail(door, container, target)


class OutputTail:
    """The tail of a log that nginx writes to its container's output."""

    def __init__(self, door: ContainerDoor, container: str, stream: LogStream) -> None:
        self._door = door
        self._container = container
        self._stream = stream
        self._last = ""

    def read(self) -> Sequence[str]:
        """Return new lines by the engine's timestamps; the clocks of two machines do not matter."""
        found = self._door.stamped_log(self._container, self._stream, LINES, self._last)
        new = [(stamp, line) for stamp, line in found if stamp > self._last]
        self._last = new[-1][0] if new else self._last
        return [line for _, line in new]


class FileTail:
    """The tail of a log file in the gateway's container."""

    def __init__(self, door: ContainerDoor, container: str, path: str) -> None:
        self._door = door
        self._container = container
        self._path = path
        self._inode, self._offset = "", 0
        self._partial_line = ""

    def read(self) -> Sequence[str]:
        """Return new lines by offset; a rotated or truncated file is read from its beginning."""
        seen = (self._inode, self._offset)
        said = _look(self._door, self._container, self._path, *seen, most=MAX_BYTES)
        head, _, text = said.partition("\n")
        inode, size, offset = head.split()
        continues = inode == self._inode and int(offset) == self._offset
        text = self._partial_line + text if continues else _from_first_line(text, int(offset))
        self._inode, self._offset = inode, int(size)
        *lines, self._partial_line = text.split("\n")
        return lines


def _from_first_line(text: str, offset: int) -> str:
    """Return the text without its first line, unless the text is the file's beginning."""
    return text.partition("\n")[2] if offset else text


def _look(
    door: ContainerDoor,
    container: str,
    path: str,
    inode: str = "",
    offset: int = 0,
    *,
    most: int,
) -> str:
    """Run `tail.sh` as the container's own user, else as root: often only root may read a log."""
    argv = ("sh", "-c", _script(), "composeroll", path, inode, str(offset), str(most))
    output = door.execute(container, argv)
    if output.exit_code not in (0, *NOT_RUN):
        output = door.execute(container, argv, user="0")
    if output.exit_code != 0:
        raise GatewayError(f"{path} cannot be read in the gateway", evidence=output.lines)
    return output.stdout


@cache
def _script() -> str:
    return Path(__file__).with_name("tail.sh").read_text(encoding="utf-8")
