"""The head of an HTTP/1.1 answer: its status line and fields (RFC 9112 sections 4 and 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?")


class MalformedError(ValueError):
    """The bytes are no HTTP/1.1 answer; the text says where."""


@dataclass(frozen=True, slots=True)
class Head:
    """A status line and its fields, names in lower case, repeated fields joined by a comma."""

    minor: int
    status: int
    headers: dict[bytes, bytes]

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection may be used again (RFC 9112 section 9.3)."""
        options = self.headers.get(b"connection", b"").lower()
        return b"close" not in options and (self.minor == 1 or b"keep-alive" in options)


def parse_head(text: bytes) -> Head:
    """Parse status line and fields (no final empty line); raises MalformedError."""
    first, *lines = text.split(b"\r\n")
    status = _STATUS_LINE.fullmatch(first)
    if status is None:
        raise MalformedError(f"status line {first[:80]!r}")
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise MalformedError(f"field line {line[:80]!r}")
        key, value = name.lower(), value.strip()
        headers[key] = headers[key] + b", " + value if key in headers else value
    return Head(int(status[1]), int(status[2]), headers)
