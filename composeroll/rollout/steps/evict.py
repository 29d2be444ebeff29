"""Take the addresses of other services out of an upstream."""

from __future__ import annotations

from composeroll.rollout.steps.point import SwitchUpstreams
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.world import World


class EvictStrangers(SwitchUpstreams, frozen=True):
    """Name the service's own running replicas, ready or not; if there are none, name no server.

    At worst, a replica that is not ready answers with an error; a stranger answers 200 with
    another service's content.
    """

    def __str__(self) -> str:
        return "; ".join(
            f"take other services' addresses out of upstream {s.route.upstream}:"
            f" {s.route.include} in {s.route.gateway}"
            for s in self.switches
        )

    def do(self, world: World) -> None:
        """Switch all upstreams with one write, one test and one reload.

        Raises:
            GatewayError: nginx did not accept the change; it has its old configuration.
        """
        texts: dict[str, dict[str, str | None]] = {}
        for switch in self.switches:
            for container in switch.route.containers:
                own = {switch.route.include: _own(switch, world)}
                texts.setdefault(container, {}).update(own)
        world.gateways.switch(texts)

    def undo(self, world: World) -> None:
        """Do nothing: a stranger's address is never restored."""


def _own(switch: Switch, world: World) -> str:
    running = tuple(r for r in switch.incoming.look_up(world) if r.running)
    return (
        switch.text(world.project, running)
        if running
        else switch.text_without_servers(world.project)
    )
