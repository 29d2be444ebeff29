"""Stop and remove exactly the replicas that were replaced."""

from __future__ import annotations

from msgspec import Struct

from composeroll.model import Hook, Replica
from composeroll.rollout.steps.hooks import run_stop_hooks
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class Retiring(Struct, frozen=True):
    """The replicas of one service that go.

    Attributes:
        grace: seconds until its stop becomes a kill, None for each container's own.
        hooks: the service's `pre_stop`.
    """

    service: str
    replicas: tuple[Replica, ...]
    grace: float | None = None
    hooks: tuple[Hook, ...] = ()


class RetireReplicas(Step, frozen=True):
    """Stop the drained replicas with their service's signal and grace period, then remove them.

    Those of all services are stopped side by side. One service after the other, what replaces the
    last would have to be looked at again: seconds pass in which it may fall.
    """

    retiring: tuple[Retiring, ...]

    def __str__(self) -> str:
        return f"retire {names(self.replicas)}"

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """All that go."""
        return tuple(replica for one in self.retiring for replica in one.replicas)

    def do(self, world: World) -> None:
        """By full ID, and by no other way; one that is gone already is fine."""
        for one in self.retiring:
            run_stop_hooks(world, one.service, one.replicas, one.hooks, one.grace)
        # `restart: always` would bring a stopped container back after a restart of the engine
        world.engine.forbid_restart([r.id for r in self.replicas if r.restart_policy != "no"])
        world.engine.stop({r.id: one.grace for one in self.retiring for r in one.replicas})
        world.engine.remove(ids(self.replicas), volumes=True)
