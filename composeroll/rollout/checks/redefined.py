"""Networks and volumes whose definition changed while containers use them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composeroll.model import Finding, Severity
from composeroll.rollout.observed import Observed

MOST = 4
"""Of compose's lines about what it would do, so many tell enough."""

_VOLUME = "Volume "
"""How compose's lines about volumes begin."""

_NETWORK = "Network "
"""How those about networks begin."""

_OF_NETWORKS = (
    "a network of the file has changed: take that back, or let"
    " `docker compose up -d` apply it, which stops the service meanwhile"
)
_OF_CONTAINERS = (
    "`docker compose ps -a` shows how these stand: put that right, then run the same command again"
)


def redefined(observed: Observed) -> tuple[Finding, ...]:
    """What compose would stop for a network, and the volumes that it would recreate if told to."""
    volumes = [line for line in observed.obstacles if line.startswith(_VOLUME)]
    others = [line for line in observed.obstacles if line not in volumes]
    return (*_disturbed(others), *map(_kept, volumes))


def _disturbed(lines: Sequence[str]) -> Iterator[Finding]:
    """Compose would stop or remove what runs, as for a network whose definition changed."""
    if lines:
        shown = [*lines[:MOST], *(["…"] if len(lines) > MOST else [])]
        yield Finding(
            Severity.REFUSAL,
            f"compose would not leave alone what runs: {', '.join(shown)}",
            _OF_NETWORKS if any(line.startswith(_NETWORK) for line in lines) else _OF_CONTAINERS,
        )


def _kept(line: str) -> Finding:
    """A rollout never agrees to it: `up -y` removes the old containers and the volume's data."""
    name = line.removeprefix(_VOLUME).partition(" ")[0]
    return Finding(
        Severity.WARNING,
        f"volume {name} is not as the file defines it: new replicas get it as it is, and a"
        " `docker compose up -d` that is answered with yes deletes its data",
        "take the change of the volume back, or give it a new name and copy the data",
    )
