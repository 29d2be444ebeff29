"""A shared memory zone of nginx that is too small for the servers of an upstream. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from composeroll.model import Finding, Severity
from composeroll.rollout.observing.observed import ServiceState

ZONE_ITSELF = 16
"""KiB of a zone that hold no server; each server takes less than 1 KiB of the rest.

Zones of 32k, 64k, 128k and 256k held 16, 63, 136 and 296 in nginx 1.30.6, no fewer in 1.26.3.
"""

_ZONE = re.compile(r"zone\s+\S+\s+(\d+)([kKmM]?)$")
_KIBI = {"": 1 / 1024, "k": 1, "m": 1024}


def zone_findings(state: ServiceState) -> Iterator[Finding]:
    """Warn of a zone that is too small: nginx rejects the configuration, so no switch works."""
    if not state.wiring:
        return
    wanted = max(state.service.scale or 1, len(state.serving))
    for directive in state.wiring.upstream.directives:
        size = _zone_size(directive)
        if size is not None and wanted > size - ZONE_ITSELF:
            yield Finding(
                Severity.WARNING,
                f"`{directive}` may not hold {wanted} servers, and nginx then rejects them all",
                f"give it {_roomy(wanted)}k in {state.wiring.route.include}",
            )


def _zone_size(directive: str) -> float | None:
    """Return a zone's KiB; None for another directive, or a zone that shares another's memory."""
    found = _ZONE.match(directive)
    return int(found[1]) * _KIBI[found[2].lower()] if found else None


def _roomy(servers: int) -> int:
    """Return KiB for twice as many servers, at least the commonly recommended 256."""
    return max(256, 2 * servers + ZONE_ITSELF)
