"""Findings: problems that are reported before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class Severity(StrEnum):
    """How severe a finding is: it forbids a rollout, causes trouble, or is a recommendation."""

    REFUSAL = "refusal"
    WARNING = "warning"
    NOTE = "note"


Locate = Callable[[Sequence[str]], str]
"""Returns `file:line` for nested keys of the compose files, or the keys if no file has them."""


class Finding(Struct, frozen=True):
    """A problem that is reported before anything changes.

    Attributes:
        what: one sentence without a full stop.
        help: the line to change, or the command to run.
        service: the service it is about, empty if it is about several or the gateway.
    """

    severity: Severity
    what: str
    help: str = ""
    service: str = ""

    def about(self, service: str) -> Finding:
        """Return the same finding about a service."""
        return replace(self, service=service)
