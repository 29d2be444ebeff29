"""Stop and remove exactly the replicas that were replaced."""

from __future__ import annotations

from msgspec import Struct

from composeroll.model import Hook, Replica
from composeroll.rollout.steps.hooks import run_stop_hooks
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class Retiring(Struct, frozen=True):
    """The replicas of one service that are retired.

    Attributes:
        grace: seconds until the stop becomes a kill; None for each container's own setting.
        hooks: the service's `pre_stop` hooks.
    """

    service: str
    replicas: tuple[Replica, ...]
    grace: float | None = None
    hooks: tuple[Hook, ...] = ()


class RetireReplicas(Step, frozen=True):
    """Stop the drained replicas with their service's signal and grace period, then remove them.

    The replicas of all services are stopped in parallel. If services were stopped one after the
    other, the last one's new replicas could fail unnoticed in the seconds before its turn.
    """

    retiring: tuple[Retiring, ...]

    def __str__(self) -> str:
        return f"retire {names(self.replicas)}"

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """All replicas that are retired."""
        return tuple(replica for one in self.retiring for replica in one.replicas)

    def do(self, world: World) -> None:
        """Stop and remove by full ID only; a container that is already gone is not an error."""
        for one in self.retiring:
            run_stop_hooks(world, one.service, one.replicas, one.hooks, one.grace)
        # `restart: always` would bring a stopped container back after a restart of the engine
        world.engine.forbid_restart([r.id for r in self.replicas if r.restart_policy != "no"])
        world.engine.stop({r.id: one.grace for one in self.retiring for r in one.replicas})
        world.engine.remove(ids(self.replicas), volumes=True)
