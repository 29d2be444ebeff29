"""What a registry's failure means, by the words that engine and compose pass on. Pure.

Both hand a registry's failure on as text alone, so there is nothing else to go by.
"""

from __future__ import annotations

import re
from itertools import groupby

from composeroll.engine.reference import registry_of
from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Refused

_UNREACHABLE = re.compile(
    r"dial tcp|no such host|connection refused|connection reset|timeout|timed out|deadline exceeded"
    r"|\bEOF\b|unexpected HTTP status|x509|tls: |proxyconnect|server gave HTTP response"
    r"|toomanyrequests|service unavailable|bad gateway",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"not found|manifest unknown|denied|unauthorized|no basic auth|does not exist|no such image"
    r"|authentication required|must be built|no matching manifest|invalid reference",
    re.IGNORECASE,
)
_HOST = re.compile(r"https?://([^/\"\s]+)")


def registry_failure(said: str, reference: str = "") -> ComposerollError:
    """The error for what was said about a registry.

    Returns:
        `EngineUnreachable` where the registry did not answer, `Refused` where it answered that
        there is no such image or that this user may not have it, `EngineError` for all else.
    """
    evidence = tuple(said.splitlines())
    if _UNREACHABLE.search(said):
        host = _host(said, reference)
        return EngineUnreachable(
            f"registry {host} does not answer",
            help="does `docker pull` reach it from the engine's host?",
            evidence=evidence,
        )
    what = _once(evidence[-1]) if evidence else "the image cannot be had"
    if _REFUSED.search(said):
        advice = "is the tag pushed, and is this user logged in (`docker login`)?"
        return Refused(what, help=advice, evidence=evidence)
    return EngineError(what, evidence=evidence)


def _once(said: str) -> str:
    """The engine says some words twice: `manifest unknown: manifest unknown`."""
    return ": ".join(part for part, _ in groupby(said.split(": ")))


def _host(said: str, reference: str) -> str:
    named = _HOST.search(said)
    return named.group(1) if named else registry_of(reference)
