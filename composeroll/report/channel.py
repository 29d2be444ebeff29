"""Writing to a stream whose reader may leave and whose encoding may be poor."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TextIO

DEFAULT_SIZE = os.terminal_size((80, 24))


class Channel:
    """A text stream that outlives its reader and never fails on a character.

    Once the reader has left (`| head`, a closed terminal) everything written is dropped and the
    descriptor leads nowhere, so that the interpreter's own last flush is silent too: a rollout
    must not stop half-way because nobody watches it.

    Args:
        stream: where the text goes.
        ascii_only: whether anything beyond ASCII becomes `?`.
    """

    def __init__(self, stream: TextIO, *, ascii_only: bool = False) -> None:
        self._stream = stream
        self._encoding = "ascii" if ascii_only else getattr(stream, "encoding", None) or "utf-8"
        self.open = True

    def write(self, text: str) -> None:
        """Write and flush `text`, replacing what the encoding lacks."""
        if not self.open:
            return
        try:
            self._stream.write(text.encode(self._encoding, "replace").decode(self._encoding))
            self._stream.flush()
        except (OSError, ValueError):
            self._leave()

    def line(self, text: str = "") -> None:
        """Write `text` and a newline."""
        self.write(f"{text}\n")

    def size(self) -> os.terminal_size:
        """Columns and lines of the terminal behind the stream, 80 by 24 where there is none."""
        with suppress(OSError, ValueError):
            found = os.get_terminal_size(self._stream.fileno())
            return found if found.columns else DEFAULT_SIZE
        return DEFAULT_SIZE

    def _leave(self) -> None:
        self.open = False
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
