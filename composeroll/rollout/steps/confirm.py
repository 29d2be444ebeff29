"""A last look at what proved itself long ago."""

from __future__ import annotations

from composeroll.model import Route
from composeroll.rollout.steps.sets import Incoming, insist_as_proven
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.told import insist_on_addresses
from composeroll.rollout.world import World


class ConfirmReady(Step, frozen=True):
    """See that replicas which have waited for others since their proof still run.

    A drain watches over those it has moved traffic to; of the rest nobody would know before what
    they replace is gone. Nor would anybody see that an nginx was restarted after the drain, and
    goes by a name that means these, too.

    Attributes:
        routes: the ways to those that get requests.
    """

    incoming: tuple[Incoming, ...]
    routes: tuple[Route, ...] = ()

    def __str__(self) -> str:
        services = ", ".join(one.service for one in self.incoming)
        return f"confirm that {services} {'is' if len(self.incoming) == 1 else 'are'} still ready"

    def do(self, world: World) -> None:
        """Look once at all of them.

        Raises:
            NotReady: one does not run any more, or was started again since its proof; or nginx goes
                by a name.
        """
        everyone = world.engine.replicas([one.service for one in self.incoming])
        for one in self.incoming:
            insist_as_proven(one.running_among(everyone, world), world)
        for route in self.routes:
            insist_on_addresses(world, route)
