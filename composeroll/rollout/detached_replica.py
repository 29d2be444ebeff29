"""Detached replicas, which drain after their rollout, and their names. Pure.

That a replica is detached, since when and until when, is written in its name on the engine. So it
is known as long as the container exists, and read with every list of containers at no cost.
"""

from __future__ import annotations

import re

from msgspec import Struct

from composeroll.model import Replica

_NAME = re.compile(r"(?P<name>.+)\.draining\.(?P<since>\d+)\.(?P<until>\d+)")


class DetachedReplica(Struct, frozen=True):
    """One detached replica.

    Attributes:
        name: its name before it was detached.
        since: when it was detached, in seconds of the engine's clock.
        until: when it is retired even if it has not drained.
    """

    replica: Replica
    name: str
    since: float
    until: float

    @property
    def blocked(self) -> frozenset[str]:
        """Names that must stay free: the old one, and the one that compose would give it again."""
        return frozenset({self.name, f"{self.name.rstrip('0123456789')}{self.replica.number}"})


def read_detached(replica: Replica) -> DetachedReplica | None:
    """Parse a replica's name; return None if it is not detached."""
    found = _NAME.fullmatch(replica.name)
    if found is None:
        return None
    return DetachedReplica(replica, found["name"], float(found["since"]), float(found["until"]))


def detached_name(name: str, since: float, until: float) -> str:
    """Return the name of a detached replica."""
    return f"{name}.draining.{since:.0f}.{until:.0f}"
