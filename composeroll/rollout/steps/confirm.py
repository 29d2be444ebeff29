"""A last look at what proved itself long ago."""

from __future__ import annotations

from composeroll.rollout.steps.sets import Incoming, insist_as_proven
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class ConfirmReady(Step, frozen=True):
    """See that replicas which have waited for others since their proof still run.

    A drain watches over those it has moved traffic to; of the rest nobody would know before what
    they replace is gone.
    """

    incoming: tuple[Incoming, ...]

    def __str__(self) -> str:
        services = ", ".join(one.service for one in self.incoming)
        return f"confirm that {services} {'is' if len(self.incoming) == 1 else 'are'} still ready"

    def do(self, world: World) -> None:
        """Look once at all of them.

        Raises:
            NotReady: one does not run any more, or was started again since its proof.
        """
        everyone = world.engine.replicas([one.service for one in self.incoming])
        for one in self.incoming:
            insist_as_proven(one.running_among(everyone, world), world)
