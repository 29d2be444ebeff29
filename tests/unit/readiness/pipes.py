"""A conversation with bytes that are there already, in pieces of any size."""

from __future__ import annotations

from composeroll.readiness.pipe import Conversation


class Recorded:
    """A pipe whose other side has said all it will; what we say is kept in `sent`."""

    def __init__(self, answer: bytes, piece: int) -> None:
        self._answer = answer
        self._piece = piece
        self.sent = b""

    def sendall(self, data: bytes, /) -> None:
        """Keep it."""
        self.sent += data

    def recv(self, size: int, /) -> bytes:
        """The next piece."""
        size = min(size, self._piece)
        taken, self._answer = self._answer[:size], self._answer[size:]
        return taken

    def settimeout(self, seconds: float, /) -> None:
        """A conversation never waits for no time."""
        assert seconds > 0

    def close(self) -> None:
        """Forget the rest."""
        self._answer = b""


def hearing(answer: bytes, piece: int = 65536) -> Conversation:
    return Conversation(Recorded(answer, piece), seconds=5)
