"""Take the addresses of other services out of an upstream."""

from __future__ import annotations

from composeroll.rollout.steps.point import SwitchUpstreams
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World


class EvictStrangers(SwitchUpstreams, frozen=True):
    """Name the service's own running replicas, ready or not, and where there are none, nobody.

    A replica that is not ready answers an error at worst; a stranger answers 200 with something
    else.
    """

    def __str__(self) -> str:
        return "; ".join(
            f"take other services' addresses out of upstream {s.route.upstream}:"
            f" {s.route.include} in {s.route.gateway}"
            for s in self.switches
        )

    def do(self, world: World) -> None:
        """One write, one test and one reload for all upstreams.

        Raises:
            GatewayError: nginx did not take it; it has its old configuration.
        """
        texts: dict[str, dict[str, str | None]] = {}
        for switch in self.switches:
            for container in switch.route.containers:
                own = {switch.route.include: _own(switch, world)}
                texts.setdefault(container, {}).update(own)
        world.gateways.switch(texts)

    def undo(self, world: World) -> None:
        """A stranger's address is never put back."""


def _own(switch: Switch, world: World) -> str:
    running = tuple(r for r in switch.incoming.look_up(world) if r.running)
    return switch.text(world.project, running) if running else switch.nobody(world.project)
