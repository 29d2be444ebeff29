"""Tell nginx once more what its includes say already."""

from __future__ import annotations

from composeroll.rollout.steps.point import SwitchUpstreams
from composeroll.rollout.world import World


class TellAgain(SwitchUpstreams, frozen=True):
    """Write and reload what the includes say: a run broke off, perhaps between the two."""

    def __str__(self) -> str:
        return "; ".join(
            f"have nginx read upstream {s.route.upstream} again: {s.route.include}"
            f" in {s.route.gateway}"
            for s in self.switches
        )

    def do(self, world: World) -> None:
        """In all gateways.

        Raises:
            GatewayError: one did not take it.
        """
        for switch in self.switches:
            include = switch.route.include
            texts = {gateway: {include: text} for gateway, text in switch.texts.items()}
            world.gateways.restore(texts)

    def undo(self, world: World) -> None:
        """They say it already."""
