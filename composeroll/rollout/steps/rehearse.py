"""Try the new nginx where no client can reach it: a failure there costs no request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from composeroll.config.settings import Ready
from composeroll.errors import NotReady, Refused
from composeroll.model import Replica, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.listens import ports_of, sites_of
from composeroll.nginx.findings.sharing import sharing_findings
from composeroll.rollout.observing.observed import Front
from composeroll.rollout.steps.current import current_texts, require_texts
from composeroll.rollout.steps.leftovers import RemoveLeftovers
from composeroll.rollout.steps.limited import visit_patiently
from composeroll.rollout.steps.serving import await_serving
from composeroll.rollout.steps.sets import last_words
from composeroll.rollout.steps.start import Before
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.visits import compare
from composeroll.rollout.world import World


class RehearseGateway(Step, frozen=True):
    """Start a stand-in for the new gateway, on the same networks but without the shared ports.

    It goes through everything that the new gateway will: the image's entrypoint, `nginx -T`, the
    start with the current upstreams, and a request for each of its sites, which it has to answer as
    well as the nginx that serves now.

    Attributes:
        before: the containers that existed before the new ones were created.
        shares: whether the new one is to listen on the same ports beside the old one.
    """

    service: str
    before: Before
    front: Front
    ready: Ready
    shares: bool

    def __str__(self) -> str:
        return f"rehearse the new {self.service} without its ports"

    def do(self, world: World) -> None:
        """Create it, hand it the upstreams, start it, check and visit it, and remove it.

        Raises:
            NotReady: it does not start, does not accept its configuration, or answers worse.
        """
        with self._stand_in(world, self._model(world)) as actor:
            texts = current_texts(world, self.front)
            for path, text in texts.items():
                world.nginx.put(actor.id, path, text)
            world.engine.start([actor.id])
            serving = await_serving(world, actor.id, self.service, self.ready.timeout)
            configuration = self._accepted(world, serving)
            require_texts(configuration, texts, self.service)
            self._require_sharing(configuration)
            present = self._present(world)
            self._require_ports(present, configuration)
            self._ask(world, serving, present, configuration)

    def undo(self, world: World) -> None:
        """Remove the stand-in that a half-done rehearsal left."""
        clear(world, self.service)

    def _model(self, world: World) -> Replica:
        """One of the newly created containers."""
        created = self.before.newcomers(world, self.service)
        if not created:
            raise NotReady(f"somebody has removed the new {self.service}")
        return created[0]

    @contextmanager
    def _stand_in(self, world: World, model: Replica) -> Iterator[Replica]:
        beside = self.front.edge.id if self.front.edge else self.front.takers[0]
        try:
            yield world.nginx.stand_in(model.id, name_of(world.project, self.service), beside)
        finally:
            clear(world, self.service)

    def _accepted(self, world: World, actor: Replica) -> Configuration:
        try:
            return world.nginx.configuration(actor)
        except Refused as refusal:
            what = f"the new {self.service}: {refusal.what}"
            raise NotReady(what, help=refusal.help, evidence=refusal.evidence) from refusal

    def _require_sharing(self, configuration: Configuration) -> None:
        found = sharing_findings(configuration) if self.shares else ()
        refusal = next((f for f in found if f.severity is Severity.REFUSAL), None)
        if refusal:
            raise NotReady(f"the new {self.service}: {refusal.what}", help=refusal.help)

    def _present(self, world: World) -> Configuration:
        """The configuration of the nginx that serves now."""
        taker = world.nginx.find(self.front.takers[0])
        if taker is None:
            raise NotReady(f"somebody has removed the {self.service} that serves")
        return world.nginx.configuration(taker)

    def _require_ports(self, present: Configuration, new: Configuration) -> None:
        if missing := sorted(ports_of(present) - ports_of(new)):
            ports = " and ".join(map(str, missing))
            raise NotReady(
                f"the new {self.service} does not listen on port {ports}, as the present one does",
                help=f"keep a server block with `listen {missing[0]}`; for a port that is to go,"
                f" `docker compose up -d {self.service}` replaces it with a gap",
            )

    def _ask(
        self, world: World, actor: Replica, present: Configuration, configuration: Configuration
    ) -> None:
        """Visit every site of the new one, and those of the present one that it answers."""
        if self.front.place is None:
            return
        place = actor.attached_to(self.front.place.network_id)
        if place is None:
            raise NotReady(f"{actor.name} is not on network {self.front.place.network}")
        own, via = sites_of(configuration), self.front.takers[0]
        path = self.ready.path or "/"
        sites = tuple(dict.fromkeys((*own, *sites_of(present))))
        now = visit_patiently(world, self.front.place, sites, via, path)
        asked = [site for site in sites if site in own or (site in now and now[site].status)]
        then = visit_patiently(world, place, asked, via, path)
        if worse := compare(now, then, self.ready.status):
            raise NotReady(
                f"the new {self.service} {worse.what}",
                help="fix it, or accept its status, for example 200-399,404, in"
                f" services.{self.service}.x-composeroll.ready.status",
                evidence=(*worse.evidence, *last_words(world, actor)),
            )


class ClearRehearsal(RemoveLeftovers, frozen=True):
    """Remove containers of a gateway that do not run, and what a killed rehearsal left."""

    def do(self, world: World) -> None:
        """Remove both."""
        clear(world, self.service)
        RemoveLeftovers.do(self, world)


def name_of(project: str, service: str) -> str:
    """Return the name of a rehearsal's container; the service's lock reserves it for one run."""
    return f"composeroll-rehearsal.{project}.{service}"


def clear(world: World, service: str) -> None:
    """Remove the container of a rehearsal, if there is one."""
    left = world.nginx.find(name_of(world.project, service))
    if left:
        world.engine.stop({left.id: 0.0})
        world.engine.remove([left.id], volumes=True)
