"""Classify a registry's errors by their text. Pure.

Engine and compose pass them on only as text.
"""

from __future__ import annotations

import re
from itertools import groupby

from composeroll.engine.registry.reference import registry_of
from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Refused

_LIMITED = re.compile(r"\btoomanyrequests: |429 too many requests|pull rate limit", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"dial tcp|no such host|connection refused|connection reset|i/o timeout|handshake timeout"
    r"|timeout awaiting|client\.timeout exceeded|timed out|deadline exceeded|(?-i:\bEOF\b)"
    r"|unexpected HTTP status|unexpected status from \w+ request to \S+ 5\d\d\b"
    r"|x509: |tls: |proxyconnect tcp|server gave HTTP response"
    r"|service unavailable|bad gateway|gateway time-?out",
    re.IGNORECASE,
)
"""Phrases, not words, since an image may be called `timeout-worker`."""

_REFUSED = re.compile(
    r"not found|manifest unknown|denied|unauthorized|no basic auth|does not exist|no such image"
    r"|403 forbidden|authentication required|must be built|no matching manifest|invalid reference",
    re.IGNORECASE,
)
_HOST = re.compile(r"https?://([^/\"\s]+)")


def registry_failure(said: str, reference: str = "") -> ComposerollError:
    """Return the error for a message about a registry.

    Args:
        said: the output of the engine or of compose.
        reference: the image that was requested, empty if unknown.

    Returns:
        `EngineUnreachable` if the registry did not answer; `Refused` if it does not have the image,
        refuses it to this user, or limits the rate; otherwise `EngineError`.
    """
    evidence = tuple(said.splitlines())
    if _LIMITED.search(said):  # first, since it names a web page, which is not a registry
        return Refused(
            f"{_registry_of(reference)} refuses for now: its rate limit is reached",
            help="wait, or raise the limit: is this user logged in (`docker login`)?",
            evidence=evidence,
        )
    if _UNREACHABLE.search(said):
        return EngineUnreachable(
            f"{_registry_in(said) or _registry_of(reference)} does not answer",
            help="does `docker pull` reach it from the engine's host?",
            evidence=evidence,
        )
    what = _once(evidence[-1]) if evidence else "the image is not available"
    if _REFUSED.search(said):
        advice = "is the tag pushed, and is this user logged in (`docker login`)?"
        return Refused(what, help=advice, evidence=evidence)
    return EngineError(what, evidence=evidence)


def _once(said: str) -> str:
    """Remove the engine's repetition: `manifest unknown: manifest unknown`."""
    return ": ".join(part for part, _ in groupby(said.split(": ")))


def _registry_in(said: str) -> str:
    named = _HOST.search(said)
    return f"registry {named.group(1)}" if named else ""


def _registry_of(reference: str) -> str:
    return f"registry {registry_of(reference)}" if reference else "the registry"
