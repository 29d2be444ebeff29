"""What an answer is worth: its version, and what is wrong with it if anything is."""

from __future__ import annotations

import re

from tests.load.answer import Answer
from tests.load.head import Head
from tests.load.mix import Mix
from tests.load.outcome import Failure


class Judge:
    """Judges by the mix: version header and pattern, expected statuses, echo."""

    def __init__(self, mix: Mix) -> None:
        self._header = mix.version_header.lower().encode()
        pattern = mix.version_pattern
        self._pattern = re.compile(pattern.encode()) if pattern else None
        self._expect, self._echo = frozenset(mix.expect), mix.echo

    def version(self, answer: Answer) -> bytes:
        """Return the version the answer names, empty for none."""
        return self.version_named(answer.head) or self.version_in(answer.body)

    def version_named(self, head: Head) -> bytes:
        """Return the version that the header names, empty for none."""
        return head.headers.get(self._header, b"")

    def version_in(self, body: bytes) -> bytes:
        """Return the version that the pattern finds in a body or message, empty for none."""
        found = self._pattern.search(body) if self._pattern else None
        return (found[1] if found.re.groups else found[0]) or b"" if found else b""

    def fault(self, answer: Answer, sent: bytes) -> tuple[Failure, str] | None:
        """Return the class and detail of what is wrong, None for a good answer."""
        status = answer.head.status
        if status not in self._expect:
            wrong = Failure.SERVER_ERROR if status >= 500 else Failure.UNEXPECTED_STATUS
            return wrong, f"status {status}: {answer.body[:80]!r}"
        if self._echo and sent not in answer.body:
            return Failure.WRONG_BODY, f"{len(answer.body)} bytes, without the {len(sent)} sent"
        return None
