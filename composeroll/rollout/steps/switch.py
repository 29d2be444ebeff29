"""One upstream before and after: the replicas it names, and the text of its include."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, field

from composeroll.errors import GatewayError
from composeroll.model import Replica, Route, Upstream
from composeroll.nginx.include import render_include, with_servers, with_stand_in, written_by
from composeroll.readiness.death import cause_of_death
from composeroll.rollout.steps.drain import await_old_workers_gone
from composeroll.rollout.steps.named import upstreams_now
from composeroll.rollout.steps.sets import Incoming, require_as_proven
from composeroll.rollout.world import Texts, World


class Switch(Struct, frozen=True):
    """One upstream, before and after.

    Attributes:
        previous: the upstream before.
        texts: the include's previous text, by gateway container ID.
        served: the replicas that serve again after a rollback: those it named before, if any.
        known: full IDs of the service's containers when this was planned; a later one has to prove
            ready before it is named.
        unproven: those of `known` that a rollback never names: a broken rollout created them, so
            that the rollback removes them, or they are not ready.
        outdated: full IDs of replicas that leave, now or later, or stay outdated: nginx keeps their
            present addresses, even if the service's port or network has changed in the file.
        old_route: the route to these, if it differs from `route`.
        in_place: whether compose removes the old replicas to create new ones in their place.
        stops_first: whether the old replicas stop before the new ones start.
    """

    incoming: Incoming
    route: Route
    previous: Upstream
    texts: Mapping[str, str | None] = field(default_factory=dict)
    served: tuple[Replica, ...] = ()
    known: frozenset[str] = frozenset()
    unproven: frozenset[str] = frozenset()
    outdated: frozenset[str] = frozenset()
    old_route: Route | None = None
    in_place: bool = False
    stops_first: bool = False

    def named_among(self, everyone: Collection[Replica], world: World) -> tuple[Replica, ...]:
        """Return the replicas that get requests: only those known or proven, all of which run.

        Raises:
            NotReady: one that had proved ready no longer runs, or was restarted.
        """
        looked_at = [r for r in everyone if r.id in self.known or r.id in world.proven]
        running = self.incoming.running_among(looked_at, world)
        require_as_proven(running, world)
        return running

    def texts_back(self, world: World) -> Mapping[str, str | None]:
        """Return the texts to restore: the previous ones, if they still mean the same.

        They may not: a named replica may have died or moved, and its address may now be unused or
        belong to another container; a name would include the new replicas too; and with a name that
        nginx resolves itself, it answers 502 until it has. Then the texts name, in this order, the
        running replicas of `served`; those that were to leave; or old ones that the upstream did
        not name and that have proved ready. If there are none, and the old replicas were stopped,
        are gone, or have lost an address to a new one, the texts name no server for now.

        Raises:
            GatewayError: all old replicas were removed, so that a rollback is impossible.
        """
        now = world.engine.replicas([self.incoming.service])
        self._require_old_replicas(now)
        before = {r.id: self._before(r) for r in self.served}
        living = tuple(r for r in now if r.id in before and r.running)
        leaving = self.incoming.excluded - self.unproven
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
                text_without_servers = self.text_without_servers(world.project)
                return {
                    gateway: text and text_without_servers for gateway, text in self.texts.items()
                }
        if not living or not wrong:
            return self.texts
        named = [(replica, self._before(replica)) for replica in living]
        return dict.fromkeys(self.texts, self._text(world.project, named))

    def _proven_among(self, now: Collection[Replica], world: World) -> tuple[Replica, ...]:
        """The old replicas that have proved ready in this run and have not died since."""
        proven = (r for r in now if r.id in self.known - self.unproven and r.id in world.proven)
        return tuple(r for r in proven if not cause_of_death(world.proven[r.id], r))

    def _leaves_nobody(self, now: Collection[Replica]) -> bool:
        """Whether the old replicas are stopped, gone, or have lost an address to a new one."""
        new = {self._before(r) for r in now if r.id not in self.known}
        cleared = not any(r.id in self.known for r in now) and not self.previous.names
        lost = bool(new & self.previous.addresses)
        return self.stops_first or self.in_place or cleared or lost

    def _require_old_replicas(self, now: Collection[Replica]) -> None:
        old = {r.id for r in self.served} | self.incoming.excluded
        gone = old and not any(r.id in old for r in now)
        if gone and not self.in_place and any(r.running for r in now):
            raise GatewayError(
                f"somebody has removed the old replicas of {self.incoming.service}: nothing is left"
                " to go back to"
            )

    @property
    def _has_others_servers(self) -> bool:
        """Whether it named servers that are neither the service's nor written by composeroll."""
        return bool(self.previous.addresses - set(self.previous.names) - self._written)

    @property
    def _written(self) -> frozenset[str]:
        """The addresses that a rollout wrote; if it was killed, nginx may never have read them."""
        ours = any(text and written_by(text) for text in self.texts.values())
        written = frozenset(s.address for s in self.previous.servers if ours or s.comment)
        return written - set(self.previous.names)

    @property
    def _split(self) -> bool:
        """Whether the gateways had different texts, for example after a broken rollout."""
        return len(set(self.texts.values())) > 1

    def lead_back(self, world: World, timeout: float) -> None:
        """Reload nginx with `texts_back`, and wait until no worker uses anything else.

        Raises:
            GatewayError: one nginx did not accept them.
        """
        texts, include = self.texts_back(world), self.route.include
        world.gateways.restore({gateway: {include: text} for gateway, text in texts.items()})
        await_old_workers_gone(world, [self.route.gateway], timeout)

    def name_again(self, world: World, replicas: Collection[Replica]) -> None:
        """Name those of the replicas that run, as a stopped container loses its address.

        If none runs, for example since all crash in a loop, the upstream stays unchanged.

        Raises:
            GatewayError: one nginx did not accept the change.
        """
        if running := tuple(r for r in replicas if r.running):
            text = self._text(world.project, [(r, self._before(r)) for r in running])
            world.gateways.restore(self._everywhere(text))

    def address(self, replica: Replica) -> str:
        """Return the `host:port` that nginx is to use; empty if the replica cannot be reached."""
        return self._before(replica) if replica.id in self.outdated else self.route.address(replica)

    def _before(self, replica: Replica) -> str:
        """Return the `host:port` by which nginx knows the replica now, or would know it."""
        way = self.old_route if self.old_route and replica.id in self.outdated else self.route
        return self.route.named_by(self.previous, replica) or way.address(replica)

    def may_lead_to(self, replica: Replica) -> bool:
        """Return whether the replica now has one of the previous addresses."""
        return self._before(replica) in self.previous.addresses

    def goes_by_a_name(self, world: World) -> bool:
        """Return whether a gateway's file contains a name now, as it may after a restart.

        The next reload, for any service, then resolves it to all running replicas.
        """
        return any(upstream.names for upstream in upstreams_now(world, self.route))

    def text(self, project: str, replicas: tuple[Replica, ...]) -> str:
        """Return the include that names these replicas.

        Raises:
            GatewayError: one of them has no address that the gateway can reach.
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

    def text_without_servers(self, project: str) -> str:
        """Return the include of a service without replicas: nginx answers 502 at once."""
        empty = with_stand_in(self.previous, self.route.port)
        return render_include(empty, project, self.incoming.service, self.route.template)

    def texts_for(self, project: str, replicas: tuple[Replica, ...]) -> Texts:
        """Return `text` for every gateway container: text by path, by container ID."""
        return self._everywhere(self.text(project, replicas))

    def _everywhere(self, text: str) -> Texts:
        return {container: {self.route.include: text} for container in self.route.containers}
