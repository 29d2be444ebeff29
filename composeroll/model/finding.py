"""What would go wrong, seen beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class Severity(StrEnum):
    """What a finding means: a rollout is refused, something will hurt, or could be better."""

    REFUSAL = "refusal"
    WARNING = "warning"
    NOTE = "note"


Locate = Callable[[Sequence[str]], str]
"""From nested keys of the compose files to `file:line`, or the keys where no file has them."""


class Finding(Struct, frozen=True):
    """Something that would go wrong, seen beforehand.

    Attributes:
        what: one sentence without a full stop.
        help: the line to change, or the command to run.
        service: the one it is about, empty where it is about several or about the gateway; two
            findings that say the same are one, whatever they are about.
    """

    severity: Severity
    what: str
    help: str = ""
    service: str = ""

    def about(self, service: str) -> Finding:
        """The same about a service."""
        return replace(self, service=service)
