"""Prove the new nginx on the ports that it shares with the old one."""

from __future__ import annotations

from composeroll.config.settings import Ready
from composeroll.errors import NotReady
from composeroll.model import Attachment, Replica
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.listens import ports_of, sites_of
from composeroll.rollout.observing.observed import Front
from composeroll.rollout.steps.current import current_texts, require_texts
from composeroll.rollout.steps.limited import one_by_one, too_often
from composeroll.rollout.steps.serving import await_serving
from composeroll.rollout.steps.sets import Incoming, last_words
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.visits import unsteady
from composeroll.rollout.world import World

ROUNDS = 8
"""Requests for each site. The kernel spreads connections over all workers: of two nginx with the
same number of workers, the new one gets none of 8 requests in 1 of 256 cases, and it has
answered them all in its rehearsal."""


class ProveGateway(Step, frozen=True):
    """Check that the new nginx accepts on all its ports, and that every site is answered."""

    incoming: Incoming
    front: Front
    ready: Ready

    def __str__(self) -> str:
        return f"prove {self.incoming.service}: workers, listening sockets, every site"

    def do(self, world: World) -> None:
        """Check its processes and their own sockets, then visit every site through the ports.

        A site whose answers may come from a rate limit is visited again, with pauses.

        Raises:
            NotReady: it died, does not listen, or did not answer every request well.
        """
        for replica in self.incoming.look_up_running(world):
            service = self.incoming.service
            serving = await_serving(world, replica.id, service, self.ready.timeout)
            configuration = world.nginx.configuration(serving)
            require_texts(configuration, current_texts(world, self.front), service)
            self._require_ports(world, serving, configuration)
            self._require_sites(world, serving, configuration)
        self.incoming.look_up_running(world)

    def _require_ports(self, world: World, replica: Replica, read: Configuration) -> None:
        heard = world.nginx.listening(replica)
        missing = ports_of(read) - heard if heard is not None else frozenset()
        if missing:
            ports = ", ".join(map(str, sorted(missing)))
            raise NotReady(
                f"no process of {replica.name} listens on port {ports}",
                evidence=last_words(world, replica),
            )

    def _require_sites(self, world: World, replica: Replica, read: Configuration) -> None:
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
        """Where clients reach it: at its edge, or at its own address."""
        if self.front.edge or self.front.place is None:
            return self.front.place
        return replica.attached_to(self.front.place.network_id)
