"""Bring nginx back into the network of its edge container."""

from __future__ import annotations

from typing import ClassVar

from composeroll.rollout.steps.serving import await_serving
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World

GRACE = 10.0
"""Seconds until the stop becomes a kill: no client can be reached from there any more."""

SERVES_WITHIN = 30.0
"""Seconds that nginx may take from its start until it accepts connections."""


class RejoinEdge(Step, frozen=True):
    """Restart a gateway's containers in the network of the edge that publishes their ports.

    Attributes:
        containers: their full IDs.
        awaited: those of them that are known to start nginx; a container that only looks like
            one, for example an exporter, may never accept connections.
    """

    reports_undo: ClassVar[bool] = False

    service: str
    containers: tuple[str, ...]
    awaited: tuple[str, ...]

    def __str__(self) -> str:
        return f"start {self.service} in the network of its edge"

    def do(self, world: World) -> None:
        """Restart them, start those that do not run, and wait until nginx accepts connections.

        Raises:
            EngineError: the engine cannot start one.
            NotReady: its nginx does not accept connections in time.
        """
        world.engine.restart(self.containers, GRACE)
        for container in self.awaited:
            await_serving(world, container, self.service, SERVES_WITHIN)
