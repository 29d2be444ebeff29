"""Replicas that were left to drain on after their rollout, and how their names say so. Pure.

That a replica is one, since when and until when, stands in its own name on the engine: so it
survives whatever the container survives, and is read with every list of containers at no cost.
"""

from __future__ import annotations

import re

from msgspec import Struct

from composeroll.model import Replica

_NAME = re.compile(r"(?P<name>.+)\.draining\.(?P<since>\d+)\.(?P<until>\d+)")


class SetAside(Struct, frozen=True):
    """One replica that drains on.

    Attributes:
        name: what it was called before.
        since: when that began, in seconds of the engine's clock.
        until: when it is to end in any case.
    """

    replica: Replica
    name: str
    since: float
    until: float

    @property
    def blocked(self) -> frozenset[str]:
        """Names that must stay free: the old one, and the one that compose would give it again."""
        return frozenset({self.name, f"{self.name.rstrip('0123456789')}{self.replica.number}"})


def read_aside(replica: Replica) -> SetAside | None:
    """What a replica's name says, None for one that serves."""
    found = _NAME.fullmatch(replica.name)
    if found is None:
        return None
    return SetAside(replica, found["name"], float(found["since"]), float(found["until"]))


def aside_name(name: str, since: float, until: float) -> str:
    """The name of a replica that drains on."""
    return f"{name}.draining.{since:.0f}.{until:.0f}"
