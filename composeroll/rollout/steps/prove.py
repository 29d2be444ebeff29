"""Prove the new nginx at the ports that it shares."""

from __future__ import annotations

from composeroll.config.settings import Ready
from composeroll.errors import NotReady
from composeroll.model import Attachment, Replica
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.listens import ports_of, sites_of
from composeroll.rollout.observed import Front
from composeroll.rollout.steps.current import current_texts, insist_on_texts
from composeroll.rollout.steps.limited import one_by_one, too_often
from composeroll.rollout.steps.serving import await_serving
from composeroll.rollout.steps.sets import Incoming, last_words
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.visits import unsteady
from composeroll.rollout.world import World

ROUNDS = 8
"""Questions for each site. The kernel deals connections out among all workers: that of two nginx
with as many workers each the new one gets none of so many has a chance of 1 in 256, and it has
answered them all in its rehearsal."""


class ProveGateway(Step, frozen=True):
    """See that the new nginx accepts, on all of its ports, and that every site is answered."""

    incoming: Incoming
    front: Front
    ready: Ready

    def __str__(self) -> str:
        return f"prove {self.incoming.service}: workers, listening sockets, every site"

    def do(self, world: World) -> None:
        """Look at its processes and at their own sockets, then ask through the ports.

        A site that may only have been asked too often is asked as often again, with pauses.

        Raises:
            NotReady: it died, does not listen, or not every answer is a good one.
        """
        for replica in self.incoming.look_up_running(world):
            service = self.incoming.service
            serving = await_serving(world, replica.id, service, self.ready.timeout)
            configuration = world.nginx.configuration(serving)
            insist_on_texts(configuration, current_texts(world, self.front), service)
            self._insist_on_ports(world, serving, configuration)
            self._insist_on_sites(world, serving, configuration)
        self.incoming.look_up_running(world)

    def _insist_on_ports(self, world: World, replica: Replica, read: Configuration) -> None:
        heard = world.nginx.listening(replica)
        missing = ports_of(read) - heard if heard is not None else frozenset()
        if missing:
            ports = ", ".join(map(str, sorted(missing)))
            raise NotReady(
                f"no process of {replica.name} listens on port {ports}",
                evidence=last_words(world, replica),
            )

    def _insist_on_sites(self, world: World, replica: Replica, read: Configuration) -> None:
        place = self._place(replica)
        if place is None:
            return
        sites, path = sites_of(read), self.ready.path or "/"
        rounds = [world.nginx.visit(place, sites, replica.id, path) for _ in range(ROUNDS)]
        limited = too_often(*rounds)
        if limited and unsteady(rounds, self.ready.status):
            slow = [one_by_one(world, place, limited, replica.id, path) for _ in range(ROUNDS)]
            rounds = [{**fast, **alone} for fast, alone in zip(rounds, slow, strict=True)]
        if worse := unsteady(rounds, self.ready.status):
            raise NotReady(f"{self.incoming.service} {worse.what}", evidence=worse.evidence)

    def _place(self, replica: Replica) -> Attachment | None:
        """Where clients reach it: at the edge, or at an address of its own."""
        if self.front.edge or self.front.place is None:
            return self.front.place
        return replica.attached_to(self.front.place.network_id)
