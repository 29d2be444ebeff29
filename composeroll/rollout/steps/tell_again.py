"""Have nginx read unchanged includes again."""

from __future__ import annotations

from composeroll.rollout.steps.point import SwitchUpstreams
from composeroll.rollout.world import World


class TellAgain(SwitchUpstreams, frozen=True):
    """Write the includes again and reload: a broken run may have stopped between the two."""

    def __str__(self) -> str:
        return "; ".join(
            f"have nginx read upstream {s.route.upstream} again: {s.route.include}"
            f" in {s.route.gateway}"
            for s in self.switches
        )

    def do(self, world: World) -> None:
        """Write and reload in all gateways.

        Raises:
            GatewayError: one did not accept them.
        """
        for switch in self.switches:
            include = switch.route.include
            texts = {gateway: {include: text} for gateway, text in switch.texts.items()}
            world.gateways.restore(texts)

    def undo(self, world: World) -> None:
        """Do nothing: the texts are the previous ones."""
