"""Bring nginx back into the network of its edge."""

from __future__ import annotations

from typing import ClassVar

from composeroll.rollout.steps.serving import await_serving
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World

GRACE = 10.0
"""Seconds for what still runs: no client of it can be reached any more."""

SERVES_WITHIN = 30.0
"""Seconds that an entrypoint may take until nginx accepts connections."""


class RejoinEdge(Step, frozen=True):
    """Start a gateway's containers where the ports are that they listen on.

    Attributes:
        containers: their full IDs.
        awaited: those of them that are known to start nginx; what only sounds like it, as an
            exporter beside it does, may never accept.
    """

    comes_back: ClassVar[bool] = False

    service: str
    containers: tuple[str, ...]
    awaited: tuple[str, ...]

    def __str__(self) -> str:
        return f"start {self.service} in the network of its edge"

    def do(self, world: World) -> None:
        """Start them, those that run once more, and see that nginx accepts.

        Raises:
            EngineError: the engine cannot start one.
            NotReady: its nginx does not begin to accept.
        """
        world.engine.restart(self.containers, GRACE)
        for container in self.awaited:
            await_serving(world, container, self.service, SERVES_WITHIN)
