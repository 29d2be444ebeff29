"""The result of one attempt, and the error for an answer that cannot be read."""

from __future__ import annotations

from msgspec import Struct

LINES_KEPT = 10


class AnswerError(Exception):
    """The server did not answer in the protocol of the request, or broke off.

    Attributes:
        output: what the server sent besides, as lines.
    """

    def __init__(self, said: str, output: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.output = output


class NoAnswerError(AnswerError):
    """The server closed the connection without an answer, or the TLS handshake failed."""


class Answer(Struct, frozen=True):
    """The result of one attempt.

    Attributes:
        good: whether it counts as a success.
        said: what happened, as the rest of a sentence that begins with "it" (`answered 503`).
        output: the end of the body or of the check's output, as lines.
    """

    good: bool
    said: str
    output: tuple[str, ...] = ()


def last_lines(text: str) -> tuple[str, ...]:
    """Return the last `LINES_KEPT` lines that are not blank."""
    return tuple(line.rstrip() for line in text.splitlines() if line.strip())[-LINES_KEPT:]
