"""Each service's place in the gateways, from their configurations. Pure, except for findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from composeroll.config.project import Project, Service
from composeroll.config.settings import NO_GATEWAY
from composeroll.errors import Refused
from composeroll.model import Finding, Replica, Route, Severity, Upstream
from composeroll.nginx.access_log.visibility import visibility_findings
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.upstreams import merged
from composeroll.nginx.discovery.discovery import Found, Subject, Wanted, discover, without_added
from composeroll.nginx.findings.stray import moved_findings, stray_findings, unseen_findings
from composeroll.nginx.findings.unread import hidden_place, hidden_ways
from composeroll.rollout.observing.observed import Front, Places, Wiring
from composeroll.rollout.survey.alone import exclusive_findings
from composeroll.rollout.survey.contested import in_between, pass_on, two_gateways
from composeroll.rollout.survey.likely import may_be_gateways, require_all_running, require_nginx
from composeroll.rollout.survey.reach import host_of, may_reach, shared_network
from composeroll.rollout.survey.rejected import (
    Rejected,
    may_lead_to,
    no_place_known,
    unread_gateway_finding,
    without_place,
)
from composeroll.rollout.survey.siblings import down_findings, require_all_reached
from composeroll.rollout.survey.unclear import require_clear_names


class Findings(Protocol):
    """What can be found wrong with an nginx before anything changes."""

    def front_findings(
        self, container: Replica, edge: Replica | None, drain_timeout: float
    ) -> tuple[Finding, ...]:
        """Return what would hurt when another nginx on the same ports replaces this one."""
        ...

    def findings(
        self, container: Replica, subject: Subject, found: Found, drain_timeout: float
    ) -> tuple[Finding, ...]:
        """Return what in its configuration and mounts would hurt a rollout of this upstream."""
        ...


class GatewayService(Struct, frozen=True):
    """The running containers of one service that runs nginx, each with its configuration."""

    service: str
    containers: tuple[Replica, ...]
    configurations: tuple[Configuration, ...]


class GatewayView(Struct, frozen=True):
    """The running gateways and the project's containers, and the places that follow from both.

    Attributes:
        nginx: finds what would hurt a rollout; None if no rollout is planned.
        cut_off: the services whose nginx runs where no client reaches it.
        rejected: the gateways that could not be read.
        late: running containers whose nginx has not begun, unlike others of their service.
    """

    project: Project
    replicas: Sequence[Replica]
    gateways: Sequence[GatewayService]
    nginx: Findings | None
    cut_off: AbstractSet[str] = frozenset()
    rejected: Sequence[Rejected] = ()
    late: Sequence[Replica] = ()

    def places(self, services: Sequence[Service]) -> Places:
        """Return the services' places, as servers and as gateways.

        An nginx that gets its requests from another one is a server like any other. A rollout
        needs every nginx of a gateway to take requests; a repair by `sync` does not.
        """
        mine, wirings = {service.name for service in services}, self._wirings(services)
        own = [gateway for gateway in self.gateways if gateway.service in mine]
        everywhere = self._wirings(tuple(self.project.services.values())) if own else {}
        for gateway in own:
            place, behind = wirings.get(gateway.service), _behind(gateway, everywhere)
            if isinstance(place, Wiring) and behind:
                wirings[gateway.service] = in_between(gateway.service, place.route.gateway, behind)
        wirings |= without_place(self.rejected, mine, self.project, wirings)
        fronts = [gateway for gateway in own if gateway.service not in wirings]
        return Places(
            require_all_reached(wirings, self.late) if self.nginx else wirings,
            {gateway.service: self._front(gateway, everywhere) for gateway in fronts},
            {s.name: self._unseen(s) for s in services if s.name not in wirings},
        )

    def _unseen(self, service: Service) -> tuple[Finding, ...]:
        """Return what may lead to a service without a place: it is replaced without a switch."""
        if service.settings.gateway == NO_GATEWAY or self.nginx is None:
            return ()
        return tuple(
            finding
            for gateway in self._in_front_of(service.name)
            for finding in self._unseen_in(gateway, service)
        )

    def _unseen_in(self, gateway: GatewayService, service: Service) -> Iterator[Finding]:
        configuration, subject = gateway.configurations[0], self._subject(service)
        yield from unseen_findings(configuration, subject)
        yield from exclusive_findings(configuration, gateway.containers[0], service, subject)
        carries_files = self.project.sharing_volumes_of(service.name)
        if not carries_files and may_reach(gateway.containers[0], service, subject.replicas):
            yield from hidden_place(configuration, gateway.service, service.name)

    def _in_front_of(self, service: str) -> Sequence[GatewayService]:
        """Return the gateways that may send it requests: all but itself."""
        return [gateway for gateway in self.gateways if gateway.service != service]

    def _wirings(self, services: Sequence[Service]) -> dict[str, Wiring | Refused]:
        """Return each service's place, or the refusal if it is ambiguous or cannot be rewritten."""
        found: dict[str, Wiring | Refused] = {}
        for service in (s for s in services if s.settings.gateway != NO_GATEWAY):
            try:
                wiring = self._wiring(service)
            except Refused as refusal:
                found[service.name] = refusal
            else:
                found |= {service.name: wiring} if wiring else {}
        return found

    def _front(self, gateway: GatewayService, places: Mapping[str, Wiring | Refused]) -> Front:
        behind = _behind(gateway, places)
        first, drain = gateway.containers[0], self.project.services[gateway.service].settings.drain
        used = {place.route.network_id for place in behind.values()}
        edge = host_of(first, self.replicas)
        return Front(
            takers=tuple(c.id for c in gateway.containers),
            place=min(first.networks, key=lambda n: n.network_id not in used, default=None),
            edge=edge,
            behind=behind,
            findings=(
                *(self.nginx.front_findings(first, edge, drain.timeout) if self.nginx else ()),
                *self._unforeseen(gateway.service, tuple(behind)),
            ),
        )

    def _unforeseen(self, gateway: str, behind: Sequence[str]) -> tuple[Finding, ...]:
        """Refuse a gateway not named so: it would roll without the locks of what is behind it."""
        if not behind or gateway in may_be_gateways(self.project):
            return ()
        others = " and ".join(behind)
        what = f"{gateway} runs nginx in front of {others}, and its name does not say so"
        advice = f"services.{behind[0]}.x-composeroll.gateway: {gateway}"
        return (Finding(Severity.REFUSAL, what, advice),)

    def _wiring(self, service: Service) -> Wiring | None:
        settings = service.settings
        gateways = self._in_front_of(service.name)
        subject = self._subject(service)
        wanted = Wanted(
            settings.upstream, settings.include, settings.port, settings.protocol, settings.template
        )
        found = [
            (gateway, place)
            for gateway in gateways
            if settings.gateway in (None, gateway.service)
            if (place := discover(gateway.configurations[0], subject, wanted))
        ]
        if len(found) > 1:
            raise two_gateways(service.name, [gateway.service for gateway, _ in found])
        if found:
            return self._place(service, subject, *found[0])
        if len(gateways) == len(self.gateways):  # else the service is itself a gateway
            doubtful = may_lead_to(service, subject.replicas, self.project, self.rejected)
            if one := next(doubtful, None):
                raise no_place_known(one, service.name)
            if self.nginx:  # else no rollout is planned
                read = ((gateway.containers[0], gateway.configurations[0]) for gateway in gateways)
                require_clear_names(self.project, service, subject, read)
            self._require_all_present(service)
        return None

    def _subject(self, service: Service) -> Subject:
        mine = tuple(r for r in self.replicas if r.service == service.name)
        others = tuple(r for r in self.replicas if r.service != service.name)
        siblings = self.project.services.keys() - {service.name}
        return Subject(self.project.name, service.name, mine, others, frozenset(siblings))

    def _require_all_present(self, service: Service) -> None:
        named = service.settings.gateway
        if not any(named in (None, gateway.service) for gateway in self.gateways):
            require_nginx(self.project, service, self.replicas)
        up = {gateway.service for gateway in self.gateways}
        require_all_running(self.project, service, up, self.replicas, self.cut_off)

    def _place(
        self, service: Service, subject: Subject, gateway: GatewayService, found: Found
    ) -> Wiring:
        first, named = gateway.containers[0], found.upstream.addresses
        network = shared_network(first, service, subject.replicas, found.port, named)
        others = (
            _upstream_in(configuration, found) for configuration in gateway.configurations[1:]
        )
        upstreams = (found.upstream, *(without_added(u, subject, found.template) for u in others))
        return Wiring(
            route=Route(
                gateway=gateway.service,
                containers=tuple(c.id for c in gateway.containers),
                upstream=found.upstream.name,
                include=found.include,
                port=found.port,
                protocol=found.protocol,
                network_id=network.network_id,
                template=found.template,
                tls=found.tls,
            ),
            upstream=merged(upstreams),
            by_gateway=upstreams,
            texts={
                container.id: configuration.files.get(found.include)
                for container, configuration in zip(
                    gateway.containers, gateway.configurations, strict=True
                )
            },
            findings=self._findings(service, subject, gateway, found),
        )

    def _findings(
        self, service: Service, subject: Subject, gateway: GatewayService, found: Found
    ) -> tuple[Finding, ...]:
        if self.nginx is None:
            return ()
        timeout = service.settings.drain.timeout
        return (
            *self.nginx.findings(gateway.containers[0], subject, found, timeout),
            *exclusive_findings(
                gateway.configurations[0],
                gateway.containers[0],
                service,
                subject,
                beside=gateway.service,
            ),
            *_unwatched(service, gateway, found),
            *self._elsewhere(subject, gateway, found),
            *down_findings(gateway.service, service.name, self.replicas),
            *(
                unread_gateway_finding(one, service.name)
                for one in self.rejected
                if one.service != service.name
                if may_reach(one.container, service, subject.replicas)
            ),
            *(
                finding
                for one in self._in_front_of(service.name)
                for finding in hidden_ways(one.configurations[0], one.service, service.name)
            ),
        )

    def _elsewhere(
        self, subject: Subject, gateway: GatewayService, found: Found
    ) -> Iterator[Finding]:
        """Find what sends requests to the service in other gateways, which are not rewritten."""
        nameless = replace(found, upstream=replace(found.upstream, name=""))
        for other in self._in_front_of(subject.service):
            if other.service == gateway.service:
                continue
            there = other.configurations[0]
            advice = pass_on(other.service, subject.service, gateway.service)
            strays = (replace(s, help=advice) for s in stray_findings(there, subject, nameless))
            for one in (*strays, *moved_findings(there, subject, nameless)):
                yield replace(one, what=f"in {other.service}, {one.what}")


def _behind(gateway: GatewayService, places: Mapping[str, Wiring | Refused]) -> dict[str, Wiring]:
    """Return the places of the services that a gateway sends requests to."""
    return {
        name: place
        for name, place in places.items()
        if isinstance(place, Wiring) and place.route.gateway == gateway.service
    }


def _upstream_in(configuration: Configuration, found: Found) -> Upstream:
    """Return the upstream as this gateway container has it, which may differ from the first's."""
    name, include = found.upstream.name, found.include
    blocks = (b for b in configuration.upstreams if b.place.file == include)
    own = next((b.upstream for b in blocks if b.upstream.name == name), None)
    return own or replace(found.upstream, servers=())


def _unwatched(service: Service, gateway: GatewayService, found: Found) -> tuple[Finding, ...]:
    """Return what keeps `monitor` from seeing how new replicas answer, if it is to judge them."""
    if not service.settings.judges:
        return ()
    return visibility_findings(gateway.configurations[0], found.upstream.name)
