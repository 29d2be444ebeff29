"""Networks and volumes whose definition changed while containers use them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composeroll.model import Finding, Severity
from composeroll.rollout.observing.observed import Observed

MOST = 4
"""How many of compose's lines about what it would do are shown."""

_VOLUME = "Volume "
"""How compose's lines about volumes begin."""

_NETWORK = "Network "
"""How compose's lines about networks begin."""

_OF_NETWORKS = (
    "a network in the file has changed: undo the change, or let"
    " `docker compose up -d` apply it, which stops the service in the meantime"
)
_OF_CONTAINERS = (
    "`docker compose ps -a` shows their state: fix that, then run the same command again"
)


def redefinition_findings(observed: Observed) -> tuple[Finding, ...]:
    """Return what compose would stop for a network, and volumes it would recreate on request."""
    volumes = [line for line in observed.obstacles if line.startswith(_VOLUME)]
    others = [line for line in observed.obstacles if line not in volumes]
    return (*_disturbed(others), *map(_kept, volumes))


def _disturbed(lines: Sequence[str]) -> Iterator[Finding]:
    """Refuse if compose would stop or remove what runs, for example for a changed network."""
    if lines:
        shown = [*lines[:MOST], *(["…"] if len(lines) > MOST else [])]
        yield Finding(
            Severity.REFUSAL,
            f"compose would stop or remove what runs: {', '.join(shown)}",
            _OF_NETWORKS if any(line.startswith(_NETWORK) for line in lines) else _OF_CONTAINERS,
        )


def _kept(line: str) -> Finding:
    """Warn of a changed volume: `up -y`, which composeroll never runs, would delete its data."""
    name = line.removeprefix(_VOLUME).partition(" ")[0]
    return Finding(
        Severity.WARNING,
        f"volume {name} is not as the file defines it: new replicas get it unchanged, and a"
        " `docker compose up -d` that is answered with yes deletes its data",
        "undo the change of the volume, or give it a new name and copy the data",
    )
