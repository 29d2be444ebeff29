"""One upstream before and after: whom it names, and what its include says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, field

from composeroll.errors import GatewayError
from composeroll.model import Replica, Route, Upstream
from composeroll.nginx.include import render_include, with_nobody, with_servers, written_by
from composeroll.readiness.death import cause_of_death
from composeroll.rollout.steps.drain import await_old_workers_gone
from composeroll.rollout.steps.sets import Incoming, insist_as_proven
from composeroll.rollout.steps.told import told_now
from composeroll.rollout.world import Texts, World


class Switch(Struct, frozen=True):
    """One upstream, before and after.

    Attributes:
        previous: the upstream as nginx was last told.
        texts: the include's text before, by gateway container ID.
        served: the replicas that serve again on the way back: those it named before, if any.
        known: full IDs of all the service had when this was planned: who came since has to prove
            itself before it is named.
        unproven: those of them that the way back names in no case: a broken rollout had made them,
            so that it takes them away, or they are not ready.
        outdated: full IDs of those that are to leave, now or later, or stay outdated: they stay
            where nginx knows them, though the service's port or network may be another by now.
        told: the way to these, where it is another one than `route`.
        in_place: whether compose has removed these, to make the new ones in their place.
        stops_first: whether they have stopped before the new ones started.
    """

    incoming: Incoming
    route: Route
    previous: Upstream
    texts: Mapping[str, str | None] = field(default_factory=dict)
    served: tuple[Replica, ...] = ()
    known: frozenset[str] = frozenset()
    unproven: frozenset[str] = frozenset()
    outdated: frozenset[str] = frozenset()
    told: Route | None = None
    in_place: bool = False
    stops_first: bool = False

    def named_among(self, everyone: Collection[Replica], world: World) -> tuple[Replica, ...]:
        """The replicas that get requests: not those that somebody has started since the proof.

        Raises:
            NotReady: one that had proved itself does not run any more, or runs again.
        """
        looked_at = [r for r in everyone if r.id in self.known or r.id in world.proven]
        running = self.incoming.running_among(looked_at, world)
        insist_as_proven(running, world)
        return running

    def texts_back(self, world: World) -> Mapping[str, str | None]:
        """The texts of before, word for word where they mean what they meant then.

        One of those they named may have died or moved since, and left its address to nobody, or to
        anybody; and a name would mean the new ones too, while they are there, and one that nginx
        resolves itself answers 502 until it knows. Where nothing of what it named is left, those
        that were to leave serve again; where there are none of these, those that it did not name
        and that have proved themselves; and where the old ones were stopped, or have crashed and
        are gone or have lost an address to a new one, nobody does for now.

        Raises:
            GatewayError: somebody has removed them all, so that there is no way back.
        """
        now = world.engine.replicas([self.incoming.service])
        self._insist_on_old_ones(now)
        before = {r.id: self._before(r) for r in self.served}
        living = tuple(r for r in now if r.id in before and r.running)
        leaving = self.incoming.besides - self.unproven
        living = living or tuple(r for r in now if r.id in leaving and r.running)
        strangers = {self._before(r) for r in now if r.id not in before} - {""}
        moved = before != {r.id: self._before(r) for r in living}
        meant = strangers if self.previous.names else strangers & self.previous.addresses
        there = {self._before(r) for r in living}
        gone = (self.previous.addresses if self._split else self._written) - there
        wrong = meant or gone or self.previous.resolves or (moved and not self.previous.names)
        if not (living or self._has_others_servers):
            living = self._proven_among(now, world)
            if not living and self._leaves_nobody(now):
                nobody = self.nobody(world.project)
                return {gateway: text and nobody for gateway, text in self.texts.items()}
        if not living or not wrong:
            return self.texts
        named = [(replica, self._before(replica)) for replica in living]
        return dict.fromkeys(self.texts, self._text(world.project, named))

    def _proven_among(self, now: Collection[Replica], world: World) -> tuple[Replica, ...]:
        """Old ones that have proved themselves in this run, and live since."""
        proven = (r for r in now if r.id in self.known - self.unproven and r.id in world.proven)
        return tuple(r for r in proven if not cause_of_death(world.proven[r.id], r))

    def _leaves_nobody(self, now: Collection[Replica]) -> bool:
        """Whether what was to serve again is stopped, gone, or has lost an address to a new one."""
        new = {self._before(r) for r in now if r.id not in self.known}
        cleared = not any(r.id in self.known for r in now) and not self.previous.names
        lost = bool(new & self.previous.addresses)
        return self.stops_first or self.in_place or cleared or lost

    def _insist_on_old_ones(self, now: Collection[Replica]) -> None:
        old = {r.id for r in self.served} | self.incoming.besides
        gone = old and not any(r.id in old for r in now)
        if gone and not self.in_place and any(r.running for r in now):
            raise GatewayError(
                f"somebody has removed the old replicas of {self.incoming.service}: nothing is left"
                " to go back to"
            )

    @property
    def _has_others_servers(self) -> bool:
        """Whether it named servers besides its service's, which somebody else has written."""
        return bool(self.previous.addresses - set(self.previous.names) - self._written)

    @property
    def _written(self) -> frozenset[str]:
        """The addresses that a rollout has written: a killed one may never have had them read."""
        ours = any(text and written_by(text) for text in self.texts.values())
        written = frozenset(s.address for s in self.previous.servers if ours or s.comment)
        return written - set(self.previous.names)

    @property
    def _split(self) -> bool:
        """Whether the gateways had different texts, as a rollout leaves them that was cut off."""
        return len(set(self.texts.values())) > 1

    def lead_back(self, world: World, timeout: float) -> None:
        """Tell nginx these texts, whatever it runs, and wait until nobody goes by anything else.

        Raises:
            GatewayError: one nginx did not take it.
        """
        texts, include = self.texts_back(world), self.route.include
        world.gateways.restore({gateway: {include: text} for gateway, text in texts.items()})
        await_old_workers_gone(world, [self.route.gateway], timeout)

    def name_again(self, world: World, replicas: Collection[Replica]) -> None:
        """Name those of the replicas that run: a container that was stopped loses its address.

        Where none runs, as old ones that crash in a loop, nothing better is known than what was.

        Raises:
            GatewayError: one nginx did not take it.
        """
        if running := tuple(r for r in replicas if r.running):
            text = self._text(world.project, [(r, self._before(r)) for r in running])
            world.gateways.restore(self._everywhere(text))

    def address(self, replica: Replica) -> str:
        """`host:port` by which nginx is to know it, empty where it cannot be reached."""
        return self._before(replica) if replica.id in self.outdated else self.route.address(replica)

    def _before(self, replica: Replica) -> str:
        """The same as nginx knows it now, or would if it was told."""
        way = self.told if self.told and replica.id in self.outdated else self.route
        return self.route.named_by(self.previous, replica) or way.address(replica)

    def may_lead_to(self, replica: Replica) -> bool:
        """Whether one of the addresses of before is a replica's by now."""
        return self._before(replica) in self.previous.addresses

    def goes_by_a_name(self, world: World) -> bool:
        """Whether a gateway's file holds a name by now: one that was restarted begins with those.

        The next reload, for whatever service, then means all that runs.
        """
        return any(upstream.names for upstream in told_now(world, self.route))

    def text(self, project: str, replicas: tuple[Replica, ...]) -> str:
        """The include that names these replicas.

        Raises:
            GatewayError: one of them has no address that the gateway could reach.
        """
        return self._text(project, [(replica, self.address(replica)) for replica in replicas])

    def _text(self, project: str, addresses: Sequence[tuple[Replica, str]]) -> str:
        lost = [replica for replica, address in addresses if not address]
        if lost:
            raise GatewayError(
                f"{lost[0].name} has no address on a network that {self.route.gateway} is on too",
                help=f"put {self.incoming.service} and {self.route.gateway} on one network",
            )
        servers = [(address, f"{r.name} {r.short_id}") for r, address in addresses]
        upstream = with_servers(self.previous, servers)
        return render_include(upstream, project, self.incoming.service, self.route.template)

    def nobody(self, project: str) -> str:
        """The include of a service that nobody answers for: nginx says 502 at once."""
        empty = with_nobody(self.previous, self.route.port)
        return render_include(empty, project, self.incoming.service, self.route.template)

    def texts_for(self, project: str, replicas: tuple[Replica, ...]) -> Texts:
        """That include for every gateway container: text by path, by container ID."""
        return self._everywhere(self.text(project, replicas))

    def _everywhere(self, text: str) -> Texts:
        return {container: {self.route.include: text} for container in self.route.containers}
