"""Stop and remove exactly the replicas that were replaced."""

from __future__ import annotations

from composeroll.model import Hook, Replica
from composeroll.rollout.steps.hooks import run_stop_hooks
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class RetireReplicas(Step, frozen=True):
    """Stop the drained replicas with the service's signal and grace period, then remove them."""

    service: str
    replicas: tuple[Replica, ...]
    grace: float | None
    hooks: tuple[Hook, ...] = ()

    def __str__(self) -> str:
        return f"retire {names(self.replicas)}"

    def do(self, world: World) -> None:
        """By full ID, and by no other way; one that is gone already is fine."""
        run_stop_hooks(world, self.service, self.replicas, self.hooks, self.grace)
        # `restart: always` would bring a stopped container back after a restart of the engine
        world.engine.forbid_restart([r.id for r in self.replicas if r.restart_policy != "no"])
        world.engine.stop(ids(self.replicas), self.grace)
        world.engine.remove(ids(self.replicas), volumes=True)
