"""What one attempt brought back, and the error of an answer that cannot be read."""

from __future__ import annotations

from msgspec import Struct

LINES_KEPT = 10


class AnswerError(Exception):
    """The other side answered, but not in the protocol it was asked in, or broke off.

    Attributes:
        output: what it said beside, as lines.
    """

    def __init__(self, said: str, output: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.output = output


class NoAnswerError(AnswerError):
    """The other side closed the connection without a word, or declined to speak TLS."""


class Answer(Struct, frozen=True):
    """The outcome of one attempt.

    Attributes:
        good: whether it counts as a success.
        said: what happened, in words that go on from "it …" (`answered 503`).
        output: the end of the body or of the check's output, as lines.
    """

    good: bool
    said: str
    output: tuple[str, ...] = ()


def last_lines(text: str) -> tuple[str, ...]:
    """The last lines of a body or output that are not blank, as many as one wants to read."""
    return tuple(line.rstrip() for line in text.splitlines() if line.strip())[-LINES_KEPT:]
