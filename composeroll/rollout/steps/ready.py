"""Prove the new replicas before they get a single request."""

from __future__ import annotations

from dataclasses import dataclass

from composeroll.config.settings import Ready
from composeroll.model import Route
from composeroll.rollout.steps.sets import Incoming
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


@dataclass(frozen=True, slots=True)
class AwaitReady(Step):
    """Wait until every incoming replica has proved that it answers."""

    incoming: Incoming
    route: Route | None
    settings: Ready

    def __str__(self) -> str:
        return f"await {self.incoming.service} ready"

    def do(self, world: World) -> None:
        """Probe them side by side; the first that dies ends it.

        Raises:
            NotReady: one died, or did not prove itself in time.
        """
        replicas = self.incoming.look_up_running(world)
        world.readiness.await_ready(replicas, self.route, self.settings)
