"""HTTP/1.1 answers (RFC 9112), parsed from bytes as they come: one answer at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.load.head import Head, MalformedError, parse_head

_HEX = re.compile(rb"[0-9a-fA-F]{1,15}")
_DIGITS = re.compile(rb"[0-9]{1,15}")
_HEAD_LIMIT = 65536


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: its body is free of framing; `reusable` is whether the connection is."""

    head: Head
    body: bytes
    reusable: bool


class AnswerParser:
    """Takes bytes in any pieces and gives the answer once it is whole.

    Framing is RFC 9112 section 6.3: no body for 204 and 304, chunked, Content-Length, else until
    the connection closes. Interim answers (1xx) are skipped. A body that ends with the connection
    cannot be told from a truncated one: that is the server's choice, not a failure of ours to see.
    """

    __slots__ = ("_body", "_buffer", "_chunked", "_head", "_length", "received")

    def __init__(self) -> None:
        self.received = 0
        self._buffer = bytearray()
        self._body = bytearray()
        self._head: Head | None = None
        self._chunked = False
        self._length: int | None = None

    def feed(self, data: bytes) -> Answer | None:
        """Take the next bytes; return the answer if it is whole; raises MalformedError."""
        self.received += len(data)
        self._buffer += data
        while self._head is None:
            if not self._take_head():
                return None
        if self._chunked:
            return self._answer(self._body) if self._take_chunks() else None
        if self._length is None or len(self._buffer) < self._length:
            return None
        body = self._buffer[: self._length]
        del self._buffer[: self._length]
        return self._answer(body)

    def finish(self) -> Answer | None:
        """Tell that the server closed; return the answer if that was how its body ends."""
        if self._head is None or self._chunked or self._length is not None:
            return None
        return Answer(self._head, bytes(self._buffer), reusable=False)

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 and len(self._buffer) <= _HEAD_LIMIT:
            if b"HTTP/1."[: len(self._buffer)] != self._buffer[:7]:
                raise MalformedError(f"status line {bytes(self._buffer[:80])!r}")
            return False
        if end < 0:
            raise MalformedError(f"more than {_HEAD_LIMIT} bytes of fields")
        head = parse_head(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        if head.status >= 200:
            self._head = head
            self._frame(head)
        return head.status >= 200 or bool(self._buffer)

    def _frame(self, head: Head) -> None:
        coding = head.headers.get(b"transfer-encoding", b"").lower()
        length = head.headers.get(b"content-length")
        if head.status in (204, 304):
            self._length = 0
        elif coding:
            if coding != b"chunked":
                raise MalformedError(f"transfer coding {coding!r}")
            self._chunked = True
        elif length is not None:
            if not _DIGITS.fullmatch(length):
                raise MalformedError(f"Content-Length {length!r}")
            self._length = int(length)

    def _take_chunks(self) -> bool:
        while (end := self._buffer.find(b"\r\n")) >= 0:
            digits = self._buffer[:end].partition(b";")[0].strip()
            if not _HEX.fullmatch(digits):
                raise MalformedError(f"chunk size {bytes(digits[:40])!r}")
            size = int(digits, 16)
            if size == 0:
                return self._take_trailers(end + 2)
            begin, stop = end + 2, end + 2 + size
            if len(self._buffer) < stop + 2:
                return False
            if self._buffer[stop : stop + 2] != b"\r\n":
                raise MalformedError("a chunk longer than its size")
            self._body += self._buffer[begin:stop]
            del self._buffer[: stop + 2]
        return False

    def _take_trailers(self, begin: int) -> bool:
        # From two bytes before: the last chunk's own line end may be half of the final empty line.
        end = self._buffer.find(b"\r\n\r\n", begin - 2)
        if end < 0:
            return False
        del self._buffer[: end + 4]
        return True

    def _answer(self, body: bytearray) -> Answer:
        if self._head is None or self._buffer:
            raise MalformedError(f"{len(self._buffer)} bytes after the end of the answer")
        return Answer(self._head, bytes(body), self._head.keeps_alive)
