"""Writing to a stream whose reader may disappear and whose encoding may lack characters."""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

DEFAULT_SIZE = os.terminal_size((80, 24))

PATIENCE = 5.0
"""Seconds to wait for a reader that has stopped reading, if the stream is non-blocking. Another
process may have made it so: the flag is shared by all that have the terminal or pipe open."""

_PIECE = 256
"""Characters that always fit into an empty buffer, at 4 bytes each: a terminal's has 1 KiB, a
pipe's 4 KiB (Python takes `st_blksize`). What did not fit would be lost if the reader stalls."""

_GONE = {errno.EIO, errno.EBADF}  # a terminal that was closed, a descriptor that was closed


class Channel:
    """A text stream that survives the loss of its reader and never fails on a character.

    A rollout must not stop half-way because nobody watches it. Once the reader is gone (`| head`,
    a closed terminal), all output is dropped, and the descriptor is redirected to the null device,
    so that the interpreter's last flush does not fail either. A reader that is only slow, or a
    disk that is full, loses what could not be written in the meantime.

    Args:
        stream: where the text goes.
        ascii_only: whether anything beyond ASCII becomes `?`.
    """

    def __init__(self, stream: TextIO, *, ascii_only: bool = False) -> None:
        self._stream = stream
        self._encoding = "ascii" if ascii_only else getattr(stream, "encoding", None) or "utf-8"
        self._patient = True
        self.open = True

    def write(self, text: str) -> None:
        """Write and flush `text`, replacing characters that the encoding lacks."""
        text = text.encode(self._encoding, "replace").decode(self._encoding)
        for start in range(0, len(text), _PIECE):
            if self.open:
                self._put(text[start : start + _PIECE])

    def line(self, text: str = "") -> None:
        """Write `text` and a newline."""
        self.write(f"{text}\n")

    def size(self) -> os.terminal_size:
        """Return columns and lines of the stream's terminal, 80 by 24 if it has none."""
        with suppress(OSError, ValueError):
            found = os.get_terminal_size(self._stream.fileno())
            return found if found.columns else DEFAULT_SIZE
        return DEFAULT_SIZE

    def _put(self, piece: str) -> None:
        try:
            with suppress(BlockingIOError):  # what could not be sent yet is in the buffer
                self._stream.write(piece)
            self._flush()
        except (ConnectionError, ValueError):
            self._leave()
        except OSError as error:
            if error.errno in _GONE:
                self._leave()
            else:
                self._drop()

    def _flush(self) -> None:
        """Send the contents of the buffer.

        Raises:
            BlockingIOError: the reader has stopped reading.
        """
        while True:
            try:
                self._stream.flush()
            except BlockingIOError:
                if not self._takes_more():
                    raise
            else:
                return

    def _takes_more(self) -> bool:
        """Wait for the reader; after one wait in vain, not again until it has read something."""
        poll = select.poll()
        poll.register(self._stream.fileno(), select.POLLOUT)
        self._patient = bool(poll.poll(PATIENCE * 1000 if self._patient else 0))
        return self._patient

    def _drop(self) -> None:
        """Empty the buffer: its contents would fail again, also at the interpreter's exit."""
        with suppress(OSError, ValueError), _restored(self._stream.fileno()):
            self._redirect_to_null()
            self._stream.flush()

    def _leave(self) -> None:
        self.open = False
        with suppress(OSError, ValueError):
            self._redirect_to_null()

    def _redirect_to_null(self) -> None:
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, self._stream.fileno())
        finally:
            os.close(null)


@contextmanager
def _restored(descriptor: int) -> Iterator[None]:
    """Restore where `descriptor` leads after the block."""
    inheritable, before = os.get_inheritable(descriptor), os.dup(descriptor)
    try:
        yield
    finally:
        os.dup2(before, descriptor, inheritable=inheritable)
        os.close(before)
