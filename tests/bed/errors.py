"""What can go wrong with the bed.

BedError
├── CommandError    a command ended with another code than 0
└── NotReadyError   a state that was awaited did not come
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class BedError(Exception):
    """One sentence for the person at the terminal."""


class CommandError(BedError):
    """A command ended with `code`; `tail` holds its last lines, `log` all of them."""

    def __init__(self, argv: Sequence[str], code: int, tail: str, log: Path) -> None:
        self.argv = tuple(argv)
        self.code = code
        self.tail = tail
        self.log = log
        super().__init__(f"`{' '.join(argv[:6])}` ended with {code}\n{tail}\nAll of it: {log}")


class NotReadyError(BedError):
    """A state did not come within `seconds`."""

    def __init__(self, what: str, seconds: float, hint: str = "") -> None:
        self.what = what
        self.seconds = seconds
        super().__init__(f"{what} did not come within {seconds:.0f} s. {hint}".rstrip())
