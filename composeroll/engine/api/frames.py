"""The engine's multiplexed stream: a container's stdout and stderr as frames.

A frame is a header of eight bytes (stream number, three zeros, big-endian length), followed by its
content; see "Stream format" under ContainerAttach in the Engine API reference.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Protocol

_HEADER = struct.Struct(">BxxxL")


class Channel(IntEnum):
    """The stream that a frame belongs to, by its first byte."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    SYSTEM_ERROR = 3
    """The engine's error for a stream that it cannot continue (moby, `stdcopy`)."""


COMPLAINTS = (Channel.STDERR, Channel.SYSTEM_ERROR)
"""The channels of errors: the command's and the engine's."""


class Reader(Protocol):
    """A buffered binary reader."""

    def read(self, size: int, /) -> bytes:
        """Return exactly `size` bytes, fewer only at the end."""
        ...


def read_frame(reader: Reader) -> tuple[Channel, bytes] | None:
    """Return the next frame; None at the end of the stream, also if a frame is incomplete."""
    header = reader.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    channel, length = _HEADER.unpack(header)
    content = reader.read(length)
    return (Channel(channel), content) if len(content) == length else None


def read_frames(reader: Reader) -> Iterator[tuple[Channel, bytes]]:
    """Yield all frames up to the end of the stream."""
    while (frame := read_frame(reader)) is not None:
        yield frame
