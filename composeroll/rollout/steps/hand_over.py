"""Give the new nginx the current upstreams before it takes its first request."""

from __future__ import annotations

from collections.abc import Mapping

from composeroll.errors import NotReady
from composeroll.model import Replica
from composeroll.rollout.observing.observed import Front
from composeroll.rollout.steps.current import current_texts
from composeroll.rollout.steps.joined import AGAIN
from composeroll.rollout.steps.sets import Incoming
from composeroll.rollout.steps.step import Step
from composeroll.rollout.world import World


class HandOverUpstreams(Step, frozen=True):
    """Put the current includes into the new gateway containers.

    A second nginx gets its share of new connections as soon as it listens, so it has to start with
    the current upstreams. One that runs already, after a broken rollout, is reloaded with them.
    """

    incoming: Incoming
    front: Front

    def __str__(self) -> str:
        paths = ", ".join(wiring.route.include for wiring in self.front.behind.values())
        return f"hand the current upstreams to the new {self.incoming.service}: {paths}"

    def do(self, world: World) -> None:
        """Write the includes; a running gateway gets them by a reload, if they differ.

        Raises:
            EngineError: a file cannot be written.
            GatewayError: a running one did not accept them.
            NotReady: another process started one since this run read nginx.
        """
        texts = current_texts(world, self.front)
        before = self.incoming.look_up(world)
        for replica in before:
            if replica.running:
                self._tell(world, replica, texts)
            else:
                for path, text in texts.items():
                    world.nginx.put(replica.id, path, text)
        running = {replica.id for replica in before if replica.running}
        for replica in self.incoming.look_up(world):
            if replica.running and replica.id not in running:
                raise _without_upstreams(replica)

    def _tell(self, world: World, replica: Replica, texts: Mapping[str, str]) -> None:
        known = {one for wiring in self.front.behind.values() for one in wiring.route.containers}
        if replica.id not in known | {*self.front.takers}:
            raise _without_upstreams(replica)
        read = {path: world.gateways.read(replica.id, path) for path in texts}
        if read != texts:
            world.gateways.switch({replica.id: texts})


def _without_upstreams(replica: Replica) -> NotReady:
    what = "began to take requests during the rollout, and has no current upstreams"
    return NotReady(f"{replica.name} {what}", help=AGAIN)
