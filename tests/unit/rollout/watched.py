"""A world with replicas that get requests, and a log of how they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from msgspec.structs import replace

from composeroll.errors import GatewayError
from composeroll.model import Answered, Replica
from composeroll.report.events import Event
from composeroll.rollout.world import World


@dataclass
class Log:
    """Answers to `composeroll.rollout.world.Traffic`; what is put into `new` is read once."""

    before: Sequence[Answered] = ()
    hidden: Sequence[str] = ()
    seen: bool = True
    new: list[Answered] = field(default_factory=list)
    broken: bool = False

    def read(self) -> Sequence[Answered]:
        """What is new."""
        if self.broken:
            raise GatewayError("the gateway does not run")
        found, self.new = self.new, []
        return found


@dataclass
class Watched:
    """Replicas as the engine would describe them now, and what was told.

    Attributes:
        proven: replicas as they were when they proved themselves.
        looks: how often the engine was asked.
    """

    replicas: list[Replica]
    log: Log = field(default_factory=Log)
    events: list[Event] = field(default_factory=list)
    proven: dict[str, Replica] = field(default_factory=dict)
    looks: int = 0

    def change(self, at: int, **changes: Any) -> None:  # noqa: ANN401 - fields of Replica
        """Let one replica be different from now on."""
        self.replicas[at] = replace(self.replicas[at], **changes)

    @property
    def world(self) -> World:
        """As far as watching needs one."""
        engine = SimpleNamespace(replicas=self._replicas, logs=lambda *_: ("its last words",))
        gateways = SimpleNamespace(traffic=lambda *_: self.log)
        rooms = SimpleNamespace(
            engine=engine, gateways=gateways, emit=self.events.append, proven=self.proven
        )
        return cast("World", rooms)

    def _replicas(self, services: Sequence[str]) -> tuple[Replica, ...]:
        self.looks += 1
        return tuple(r for r in self.replicas if r.service in services)
