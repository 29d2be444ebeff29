"""A last check of replicas that proved ready some time ago."""

from __future__ import annotations

from composeroll.model import Route
from composeroll.rollout.steps.named import require_addresses
from composeroll.rollout.steps.sets import Incoming, require_as_proven
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class ConfirmReady(Step, frozen=True):
    """Check that replicas which have waited for other services since their proof still run.

    A drain guards the replicas that took over the traffic. Without this step, a failure of the
    others would show only after the replicas they replace are gone. The same is true of an nginx
    that was restarted after the drain, and whose upstream is a name that includes the old replicas.

    Attributes:
        routes: the routes of the services that get requests.
    """

    incoming: tuple[Incoming, ...]
    routes: tuple[Route, ...] = ()

    def __str__(self) -> str:
        services = ", ".join(one.service for one in self.incoming)
        return f"confirm that {services} {'is' if len(self.incoming) == 1 else 'are'} still ready"

    def do(self, world: World) -> None:
        """Check all of them once.

        Raises:
            NotReady: one no longer runs, or was restarted since its proof; or a restarted nginx
                uses a name.
        """
        everyone = world.engine.replicas([one.service for one in self.incoming])
        for one in self.incoming:
            require_as_proven(one.running_among(everyone, world), world)
        for route in self.routes:
            require_addresses(world, route)
