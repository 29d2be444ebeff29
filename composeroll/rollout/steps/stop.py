"""Stop the old replicas before the new ones start, where both cannot run at once."""

from __future__ import annotations

from composeroll.model import Hook, Replica
from composeroll.rollout.steps.hooks import run_stop_hooks
from composeroll.rollout.steps.sets import ids, names
from composeroll.rollout.steps.start import Before
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World


class StopReplicas(Step, frozen=True):
    """Stop replicas that are to be replaced; they stay, so that they can be started again.

    Attributes:
        before: what was there before, next to which new containers were created.
        gap: whether nobody else serves meanwhile.
        back: their upstream, to be told their addresses again: a stopped container loses its own.
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
        """Start them again: what holds their port has to be gone by then.

        The new containers are stopped here already, since their creation is undone only later.
        """
        world.engine.stop(dict.fromkeys(ids(self.before.newcomers(world, self.service))))
        world.engine.start(ids(self.replicas))
        if self.back:
            now = world.engine.replicas([self.service])
            self.back.name_again(world, [r for r in now if r.id in self.before.ids])
