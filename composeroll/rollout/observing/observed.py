"""One frozen snapshot of everything that a plan is based on."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from composeroll.config.project import Service
from composeroll.config.settings import Order
from composeroll.engine.inspection import is_left_by_recreate
from composeroll.errors import Refused
from composeroll.model import Attachment, ContainerState, Finding, Replica, Route, Upstream


class Wiring(Struct, frozen=True):
    """A service's current place in the gateway.

    Attributes:
        upstream: the upstream that the running nginx uses; with several gateways, the union.
        texts: the include's exact text, by the gateway container's full ID; None: no such file.
        findings: what in the gateway's configuration and mounts would hurt a rollout.
        by_gateway: the upstream of each gateway, if there are several.
    """

    route: Route
    upstream: Upstream
    texts: Mapping[str, str | None] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    by_gateway: tuple[Upstream, ...] = ()

    @property
    def each(self) -> tuple[Upstream, ...]:
        """The upstream of each gateway."""
        return self.by_gateway or (self.upstream,)

    @property
    def split(self) -> bool:
        """Whether the gateways send requests to different addresses.

        That is so after one of them was recreated, or a rollout was cut off while it switched them.
        """
        return len({one.addresses for one in self.each}) > 1


class Front(Struct, frozen=True):
    """A service that is itself a gateway.

    Attributes:
        takers: full IDs of its containers that take requests.
        place: its attachment to a network, by which requests reach it; None if it has none.
        edge: the container whose network namespace its containers share, so that two of them can
            listen side by side; None if each has its own.
        behind: the places of the services that it sends requests to, by service.
        findings: what in its configuration and its containers would hurt its replacement.
    """

    takers: tuple[str, ...]
    place: Attachment | None
    edge: Replica | None = None
    behind: Mapping[str, Wiring] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


class Places(Struct, frozen=True):
    """The places of the services in the gateways, from one reading.

    Attributes:
        wirings: a service's place, by name, or why it cannot be used. A service that gets no
            requests from nginx is absent.
        fronts: the services that are gateways themselves, by name.
        unseen: findings about services without a place that nginx may send requests to, by name.
    """

    wirings: Mapping[str, Wiring | Refused] = field(default_factory=dict)
    fronts: Mapping[str, Front] = field(default_factory=dict)
    unseen: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)


class ServiceState(Struct, frozen=True):
    """One service: its definition, and its containers.

    Attributes:
        replicas: its containers in all states, by number.
        outdated: why compose would recreate a replica, by the replica's full ID.
        image: the image ID that its reference names now; empty if unknown.
        reference: the image reference that compose creates its containers from.
        wiring: its place in the gateway, None for a worker.
        refusal: why its place in the gateway cannot be used, if it cannot.
        data_only: other services mount its volumes, nothing sends requests to it, and it does no
            other work.
        must_end: the file says that others start only once it has ended with 0.
        taken: names of all containers on the engine that are not this service's.
        doubtful: a rollout was cut off, so the running nginx may differ from its files.
        half_made: full IDs of running replicas that a rollout which was cut off had created, and
            that no upstream names on purpose. Empty if no other replica runs, unless others were
            stopped to make room for these.
        stopped: full IDs of replicas that a rollout which was cut off had stopped to make room for
            new ones; those that are not replaced are started again.
        unlisted: services outside this rollout that mount its volumes.
        sharing: all services that mount its volumes.
        held: anonymous volumes that containers outside this rollout mount.
        anonymous_volumes: paths at which its anonymous volumes are mounted.
        front: the service as a gateway, None if it is not one.
        tenants: services that share its network namespace.
        guests: services that share its process or IPC namespace.
        ran: its last run is still valid, and may have ended with 0 by now: see `ends`.
        unseen: findings about ways in which nginx may reach it though it has no place there.
        highest_detached: the highest number, for compose, of its detached replicas; 0 for none.
        lacking: images that its hooks need and that are not on the engine.
    """

    service: Service
    replicas: tuple[Replica, ...]
    outdated: Mapping[str, str]
    image: str = ""
    reference: str = ""
    wiring: Wiring | None = None
    refusal: Refused | None = None
    data_only: bool = False
    must_end: bool = False
    taken: frozenset[str] = frozenset()
    doubtful: bool = False
    half_made: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    unlisted: tuple[str, ...] = ()
    sharing: tuple[str, ...] = ()
    held: frozenset[str] = frozenset()
    anonymous_volumes: tuple[str, ...] = ()
    front: Front | None = None
    tenants: tuple[str, ...] = ()
    guests: tuple[str, ...] = ()
    ran: bool = False
    unseen: tuple[Finding, ...] = ()
    highest_detached: int = 0
    lacking: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name

    @property
    def stops_first(self) -> bool:
        """Whether its old replicas stop before the new ones start: a gap."""
        return self.service.settings.order is Order.STOP_FIRST

    @property
    def serving(self) -> tuple[Replica, ...]:
        """The replicas that do their work, which a container that only holds data does stopped."""
        if self.data_only:
            return tuple(r for r in self.replicas if not is_left_by_recreate(r.name))
        return tuple(r for r in self.replicas if r.running or self._does_its_part(r))

    @property
    def ends(self) -> bool:
        """Whether it runs once, like a migration, and so need not stay up."""
        waits = self.wiring or self.front or self.data_only
        has_ended = all(r.finished or r.state is ContainerState.CREATED for r in self.replicas)
        return not waits and (self.must_end or has_ended)

    @property
    def is_over(self) -> bool:
        """Whether it runs once and has ended, so that replacing it leaves no gap."""
        gets_requests = self.wiring or self.front
        return self.must_end and not (gets_requests or any(r.running for r in self.replicas))

    def address(self, replica: Replica) -> str:
        """Return the `host:port` of a replica for the gateway; empty without a gateway.

        An outdated replica may have another port or network than the file says now.
        """
        if self.wiring is None:
            return ""
        route, old_route = self.wiring.route, self.old_route(self.outdated)
        if old_route is None or replica.id not in self.outdated:
            return route.address(replica)
        return route.named_by(self.wiring.upstream, replica) or old_route.address(replica)

    @property
    def leftovers(self) -> tuple[Replica, ...]:
        """Containers left by a crash or a broken rollout: useless, but counted by compose."""
        return tuple(r for r in self.replicas if r not in self.serving)

    @property
    def revived(self) -> bool:
        """Whether the engine keeps restarting some of its leftovers."""
        return any(r.state is ContainerState.RESTARTING for r in self.leftovers)

    @property
    def named_in_upstream(self) -> tuple[Replica, ...]:
        """The running replicas that the upstream names; all of them if it holds a name."""
        return self.named_in(self.wiring.upstream) if self.wiring else ()

    @property
    def chosen(self) -> tuple[Replica, ...]:
        """The replicas that the upstream names, without half-made ones, which a name includes."""
        return tuple(r for r in self.named_in_upstream if r.id not in self.half_made)

    @property
    def named_at_once(self) -> int:
        """The greatest number of running replicas that one gateway names."""
        each = self.wiring.each if self.wiring else ()
        return max((len(self.named_in(upstream)) for upstream in each), default=0)

    def named_in(self, upstream: Upstream) -> tuple[Replica, ...]:
        """Return the running replicas that an upstream names; all of them if it holds a name."""
        if upstream.names:
            return tuple(r for r in self.serving if r.running)
        route = self.wiring.route if self.wiring else None
        return tuple(r for r in self.serving if route and route.named_by(upstream, r))

    def old_route(self, replicas: Container[str]) -> Route | None:
        """Return the route by which nginx reaches these replicas now; None without a gateway."""
        if self.wiring is None:
            return None
        old = [replica for replica in self.serving if replica.id in replicas]
        return self.wiring.route.as_known_to(self.wiring.upstream, old)

    def _does_its_part(self, replica: Replica) -> bool:
        ran = self.ran and replica.finished
        return ran or self._crash_loops(replica) or replica.id in self.stopped

    def _crash_loops(self, replica: Replica) -> bool:
        return replica.state is ContainerState.RESTARTING and replica.id in self.outdated


class Observed(Struct, frozen=True):
    """The services of a rollout, in its order, and what prevents it.

    Attributes:
        obstacles: what compose's dry run says it would break when scaling.
    """

    project: str
    services: tuple[ServiceState, ...]
    obstacles: tuple[str, ...] = ()

    def with_newer_images(self, services: Collection[str]) -> Observed:
        """Return the same with newer images for these services, which the registry has."""
        return replace(self, services=tuple(_newer(s, services) for s in self.services))

    def without(self, services: Collection[str]) -> Observed:
        """Return the same without these services."""
        return replace(self, services=tuple(s for s in self.services if s.name not in services))

    def with_last_runs(self) -> Observed:
        """Return the same with the last runs counted: what has ended with 0 need not run again."""
        services = (replace(s, ran=s.ran or s.ends) for s in self.services)
        return replace(self, services=tuple(services))

    def after(self, before: Observed) -> Observed:
        """Return the same, with what `before` knew of runs that ended and replicas that stopped."""
        ended = {state.name for state in before.services if state.ends or state.ran}
        stopped = {state.name: state.stopped for state in before.services}
        return replace(
            self,
            services=tuple(
                replace(s, ran=s.name in ended, stopped=stopped[s.name]) for s in self.services
            ),
        )

    def containers(self) -> Mapping[str, tuple[str, ...]]:
        """Return the full IDs of each service's containers."""
        return {state.name: tuple(r.id for r in state.replicas) for state in self.services}

    def at_work(self) -> frozenset[str]:
        """Return the full IDs of the containers that no rollout has begun to retire.

        A stop-first rollout, or one in place, stops old containers before it has new ones.
        """
        return frozenset(
            replica.id
            for state in self.services
            for replica in state.replicas
            if replica.running or state.data_only or state.stops_first or state.is_over
        )

    def still_there(self, reasons: Mapping[str, str]) -> Mapping[str, str]:
        """Return those of the replicas, by full ID, that still exist."""
        existing = {replica.id for state in self.services for replica in state.replicas}
        return {container: why for container, why in reasons.items() if container in existing}


def _newer(state: ServiceState, services: Collection[str]) -> ServiceState:
    if state.name not in services:
        return state
    return replace(
        state, outdated={r.id: "the registry has a newer image" for r in state.serving}, image=""
    )
