"""Stop the old replicas before the new ones start, if both cannot run at once."""

from __future__ import annotations

from composeroll.model import Hook, Replica
from composeroll.rollout.steps.hooks import run_stop_hooks
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.start import Before
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World


class StopReplicas(Step, frozen=True):
    """Stop replicas that are to be replaced; keep them, so that they can be started again.

    Attributes:
        before: the containers that existed before the new ones were created.
        gap: whether no other replica serves in the meantime.
        back: their upstream, which `undo` updates: a stopped container loses its address.
    """

    service: str
    replicas: tuple[Replica, ...]
    grace: float | None
    before: Before
    back: Switch | None
    hooks: tuple[Hook, ...] = ()
    gap: bool = True

    def __str__(self) -> str:
        return f"stop {names(self.replicas)}"

    def do(self, world: World) -> None:
        """Stop them with the service's grace period."""
        run_stop_hooks(world, self.service, self.replicas, self.hooks, self.grace)
        world.engine.stop(dict.fromkeys(ids(self.replicas), self.grace))

    def undo(self, world: World) -> None:
        """Start them again, after a stop of the new containers, which may hold their port.

        The new containers have to stop here, since their creation is undone only later.
        """
        world.engine.stop(dict.fromkeys(ids(self.before.newcomers(world, self.service))))
        world.engine.start(ids(self.replicas))
        if self.back:
            now = world.engine.replicas([self.service])
            self.back.name_again(world, [r for r in now if r.id in self.before.ids])
