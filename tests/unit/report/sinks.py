"""Streams to render into, and clocks that only move when told."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from composeroll.report.channel import Channel

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Sink(io.TextIOWrapper):
    """A text stream in memory, with an encoding as real streams have it."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        """Whether to pass for a terminal."""
        return self._terminal

    @property
    def bytes(self) -> bytes:
        """All that was written."""
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue()

    @property
    def text(self) -> str:
        """The same as text."""
        return self.bytes.decode(self.encoding)


def noon() -> datetime:
    """A time that stands still."""
    return NOON


def sink_and_channel() -> tuple[Sink, Channel]:
    """A sink and the channel into it."""
    sink = Sink()
    return sink, Channel(sink)


class Clock:
    """Seconds that pass only by `pass_`."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.at

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds
