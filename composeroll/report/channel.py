"""Writing to a stream whose reader may leave and whose encoding may be poor."""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

DEFAULT_SIZE = os.terminal_size((80, 24))

PATIENCE = 5.0
"""Seconds that a reader who takes nothing more is waited for, where the stream itself does not
wait: another process may have made it so, since terminals and pipes are shared."""

_PIECE = 256
"""Characters that an empty buffer takes whole, at 4 bytes each: a terminal's has 1 KiB, a pipe's 4
(Python makes it of `st_blksize`). Of more than that, the part is lost that a reader leaves."""

_LEFT = {errno.EIO, errno.EBADF}  # a terminal that is gone, a descriptor that was closed


class Channel:
    """A text stream that outlives its reader and never fails on a character.

    Once the reader has left (`| head`, a closed terminal) everything written is dropped and the
    descriptor leads nowhere, so that the interpreter's own last flush is silent too: a rollout
    must not stop half-way because nobody watches it. Whoever is only slow, or a disk that is full,
    misses what could not be written meanwhile.

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
        """Write and flush `text`, replacing what the encoding lacks."""
        text = text.encode(self._encoding, "replace").decode(self._encoding)
        for start in range(0, len(text), _PIECE):
            if self.open:
                self._put(text[start : start + _PIECE])

    def line(self, text: str = "") -> None:
        """Write `text` and a newline."""
        self.write(f"{text}\n")

    def size(self) -> os.terminal_size:
        """Columns and lines of the terminal behind the stream, 80 by 24 where there is none."""
        with suppress(OSError, ValueError):
            found = os.get_terminal_size(self._stream.fileno())
            return found if found.columns else DEFAULT_SIZE
        return DEFAULT_SIZE

    def _put(self, piece: str) -> None:
        try:
            with suppress(BlockingIOError):  # what could not go on its way yet is in the buffer
                self._stream.write(piece)
            self._flush()
        except (ConnectionError, ValueError):
            self._leave()
        except OSError as error:
            if error.errno in _LEFT:
                self._leave()
            else:
                self._drop()

    def _flush(self) -> None:
        """Send what the buffer holds.

        Raises:
            BlockingIOError: the reader takes nothing.
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
        """Wait for the reader, but not again until it has taken something."""
        poll = select.poll()
        poll.register(self._stream.fileno(), select.POLLOUT)
        self._patient = bool(poll.poll(PATIENCE * 1000 if self._patient else 0))
        return self._patient

    def _drop(self) -> None:
        """Empty the buffer: what stays in it would fail again, at the interpreter's end too."""
        with suppress(OSError, ValueError), _kept(self._stream.fileno()):
            self._lead_nowhere()
            self._stream.flush()

    def _leave(self) -> None:
        self.open = False
        with suppress(OSError, ValueError):
            self._lead_nowhere()

    def _lead_nowhere(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self._stream.fileno())
        finally:
            os.close(nowhere)


@contextmanager
def _kept(descriptor: int) -> Iterator[None]:
    """Whatever it is made to lead to inside, it leads where it did before."""
    inheritable, before = os.get_inheritable(descriptor), os.dup(descriptor)
    try:
        yield
    finally:
        os.dup2(before, descriptor, inheritable=inheritable)
        os.close(before)
