"""A pseudo-terminal, and a small screen that understands just what the live view writes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
import threading
from typing import TextIO

SEQUENCE = re.compile(r"(\x1b\[\??[\d;]*[A-Za-z]|\r|\n)")


class Terminal:
    """A pseudo-terminal of a given size, drained by a thread."""

    def __init__(self, columns: int, lines: int) -> None:
        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.stream: TextIO = os.fdopen(follower, "w", encoding="utf-8")
        self._read = bytearray()
        self._thread = threading.Thread(target=self._drain)
        self._thread.start()

    def close(self) -> str:
        """All that was written, once the writing end is closed."""
        self.stream.close()
        self._thread.join(timeout=10)
        os.close(self._leader)
        return self._read.decode()

    def _drain(self) -> None:
        try:
            while part := os.read(self._leader, 65536):
                self._read += part
        except OSError:  # a pseudo-terminal's way to say that the other end is closed
            return


class Screen:
    """Rows of text with a cursor: newline, carriage return, up, erase line, erase below."""

    def __init__(self) -> None:
        self._rows = [""]
        self._row = self._column = 0

    def write(self, written: str) -> None:
        """Take bytes as a terminal would; fails on a sequence it does not know."""
        for part in SEQUENCE.split(written):
            self._sequence(part) if SEQUENCE.fullmatch(part) else self._put(part)

    @property
    def text(self) -> str:
        """What it shows."""
        return "\n".join(row.rstrip() for row in self._rows).rstrip("\n")

    def _put(self, text: str) -> None:
        row = self._rows[self._row].ljust(self._column)
        end = self._column + len(text)
        self._rows[self._row] = row[: self._column] + text + row[end:]
        self._column = end

    def _sequence(self, part: str) -> None:
        kind = part[-1]
        if kind == "\n":
            self._row += 1
            self._rows += [""] * (self._row + 1 - len(self._rows))
        elif kind == "\r":
            self._column = 0
        elif kind == "A":
            self._row -= int(part[2:-1])
            assert self._row >= 0, "the cursor left the screen"
        elif kind in "KJ":
            self._rows[self._row] = self._rows[self._row][: self._column]
            self._rows = self._rows[: self._row + 1] if kind == "J" else self._rows
        else:
            assert kind in "mlh", part
