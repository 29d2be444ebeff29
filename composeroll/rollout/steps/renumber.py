"""Give the new replicas the names the old ones had."""

from __future__ import annotations

from composeroll.report.wording import count_text
from composeroll.rollout.steps.numbering import renamings
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class RenumberReplicas(Step, frozen=True):
    """Number the replicas from 1, if neither a label nor another container's name conflicts."""

    service: str
    wanted: int

    def __str__(self) -> str:
        return f"renumber {count_text(self.wanted, 'replica')} of {self.service}"

    def do(self, world: World) -> None:
        """Rename in ascending order, so that each name is free when its turn comes."""
        replicas = world.engine.replicas([self.service])
        taken = world.engine.names() - {r.name for r in replicas}
        for move in renamings(replicas, taken):
            world.engine.rename(move.id, move.new)
