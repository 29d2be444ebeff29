"""The engine's multiplexed stream: stdout and stderr of a container in one, frame by frame.

A frame is a header of eight bytes (stream number, three zeros, length in big-endian) and so many
bytes of content; see "Stream format" under ContainerAttach in the Engine API reference.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Protocol

_HEADER = struct.Struct(">BxxxL")


class Channel(IntEnum):
    """Which stream a frame belongs to, by its first byte."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    SYSTEM_ERROR = 3
    """The engine's own words about a stream that it cannot go on with (moby, `stdcopy`)."""


COMPLAINTS = (Channel.STDERR, Channel.SYSTEM_ERROR)
"""What is no output of a command's: what it complains of, and what the engine does."""


class Reader(Protocol):
    """A buffered binary reader."""

    def read(self, size: int, /) -> bytes:
        """Exactly `size` bytes, fewer only at the end."""
        ...


def read_frame(reader: Reader) -> tuple[Channel, bytes] | None:
    """The next frame, None at the end of the stream. A frame that was cut off counts as the end."""
    header = reader.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    channel, length = _HEADER.unpack(header)
    content = reader.read(length)
    return (Channel(channel), content) if len(content) == length else None


def read_frames(reader: Reader) -> Iterator[tuple[Channel, bytes]]:
    """All frames up to the end of the stream."""
    while (frame := read_frame(reader)) is not None:
        yield frame
