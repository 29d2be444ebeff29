"""Find the gateways among a project's containers, and read what each of their nginx was told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from msgspec.structs import replace

from composeroll.config.project import Project, Service
from composeroll.config.settings import NO_GATEWAY
from composeroll.errors import GatewayUnread
from composeroll.model import Replica
from composeroll.nginx.clock import Clock, MonotonicClock
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.rollout.observed import Places, Wiring
from composeroll.rollout.survey.likely import sounds_like_nginx
from composeroll.rollout.survey.places import Findings, GatewayService, Sight
from composeroll.rollout.survey.reach import host_of
from composeroll.rollout.survey.rejected import Rejected
from composeroll.rollout.survey.stranded import is_left_behind, is_orphaned

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that a container of a gateway has to begin, beside others that take requests: the gateway
image waits 3 s for a name without an address."""

POLL = 0.25
"""Seconds between two looks at it."""

Read = tuple[Replica, Configuration | GatewayUnread]
"""A gateway's container, and what its nginx was told, or why that is not known."""


class Nginx(Findings, Protocol):
    """What can be asked of a container that may run nginx."""

    def keep(self, containers: Sequence[Replica]) -> None:
        """Take it that no other containers run."""
        ...

    def runs_in(self, container: Replica) -> bool:
        """Whether an nginx runs in it that takes requests."""
        ...

    def quits(self, container: Replica) -> bool:
        """Whether the nginx that was found in it at the last look was told to quit."""
        ...

    def cut_off(self, container: Replica, edge: Replica) -> bool:
        """Whether none of the edge's addresses leads into its network namespace."""
        ...

    def configuration(self, container: Replica) -> Configuration:
        """What `nginx -T` prints there.

        Raises:
            GatewayUnread: nginx rejects its own files.
        """
        ...


class GatewaySurvey:
    """Looks for gateways among a project's containers; made once for a run."""

    def __init__(self, nginx: Nginx, clock: Clock | None = None) -> None:
        self._nginx = nginx
        self._clock = clock or MonotonicClock()
        self._in_vain: set[tuple[str, str]] = set()

    def look(
        self,
        project: Project,
        services: Sequence[Service],
        replicas: Sequence[Replica],
        *,
        preflight: bool,
    ) -> Places:
        """Where these services stand, and with `preflight` what there would hurt a rollout.

        Each gateway is read once: those that the settings name or that look like one, and all
        others as soon as there is a service that none of these speaks to.

        Raises:
            GatewayUnread: no gateway could be read, as one is where nginx rejects its own files.
        """
        lost = [r for r in replicas if r.running and self._is_lost(r, replicas, project)]
        cut_off = frozenset(r.service for r in lost if self._nginx.runs_in(r))
        running = [_housed(r, replicas) for r in replicas if r.running and r not in lost]
        self._nginx.keep(running)
        told = _told(project, services) | {r.service for r in running if sounds_like_nginx(r)}
        read, late = self._read([r for r in running if r.service in told])
        sight = Sight(project, replicas, _grouped(read), None, cut_off, _rejected(read))
        if _any_without(sight.places(services), services):
            more = self._read([r for r in running if r.service not in told])
            read, late = read + more[0], late + more[1]
        rejected, findings = _rejected(read), self._nginx if preflight else None
        sight = Sight(project, replicas, _grouped(read), findings, cut_off, rejected, late)
        if rejected and not sight.gateways and any(map(_wants_place, services)):
            raise rejected[0].why
        return sight.places(services)

    def _is_lost(self, one: Replica, replicas: Sequence[Replica], project: Project) -> bool:
        """Whether no client reaches what runs in it: a rollout behind it would end in the dark."""
        service = project.services.get(one.service)
        orphaned = is_orphaned(one, replicas, service.edge if service else "")
        return orphaned or is_left_behind(one, replicas, self._nginx.cut_off)

    def _read(self, candidates: Sequence[Replica]) -> tuple[list[Read], list[Replica]]:
        """Those of them that are gateways, and what is still to become one beside them."""
        found, late = self._begun(candidates)
        told = _side_by_side(self._told, found)
        return list(zip(found, told, strict=True)), late

    def _begun(self, candidates: Sequence[Replica]) -> tuple[list[Replica], list[Replica]]:
        """Those whose nginx takes requests, and those of the same services that have none yet.

        One that is just starting, or that the engine could not look into, is given some seconds,
        once in a run for each of its starts.
        """
        end = self._clock.now() + PATIENCE
        found = self._running(candidates)
        gateways = {container.service for container in found}
        while late := [
            r
            for r in candidates
            if r.service in gateways and r not in found and not self._nginx.quits(r)
        ]:
            if all(_start_of(r) in self._in_vain for r in late):
                break
            if self._clock.now() >= end:
                self._in_vain.update(map(_start_of, late))
                break
            self._clock.wait(POLL)
            found += self._running(late)
        self._in_vain.difference_update(map(_start_of, found))
        return [r for r in candidates if r in found], late

    def _running(self, candidates: Sequence[Replica]) -> list[Replica]:
        proven = _side_by_side(self._nginx.runs_in, candidates)
        return [r for r, runs in zip(candidates, proven, strict=True) if runs]

    def _told(self, gateway: Replica) -> Configuration | GatewayUnread:
        try:
            return self._nginx.configuration(gateway)
        except GatewayUnread as why:
            return why


def _start_of(container: Replica) -> tuple[str, str]:
    return container.id, container.started_at


def _side_by_side(ask: Callable[[Replica], T], containers: Sequence[Replica]) -> list[T]:
    with ThreadPoolExecutor(max_workers=8) as side_by_side:
        return list(side_by_side.map(ask, containers))


def _any_without(places: Places, services: Sequence[Service]) -> bool:
    """Whether one of the services has no place yet, neither as a server nor as a gateway."""
    wired = {name for name, place in places.wirings.items() if isinstance(place, Wiring)}
    known = wired | places.fronts.keys()
    return any(s.name not in known for s in services if _wants_place(s))


def _wants_place(service: Service) -> bool:
    return service.settings.gateway != NO_GATEWAY


def _told(project: Project, services: Sequence[Service]) -> AbstractSet[str]:
    """The gateways that the settings name for these services, and those of them that are some."""
    named = {service.settings.gateway for service in project.services.values()}
    own = {service.settings.gateway for service in services}
    return {service.name for service in services if service.name in named} | set(filter(None, own))


def _housed(container: Replica, replicas: Sequence[Replica]) -> Replica:
    """The same with the networks it is really on: the engine lists them with the namespace's own.

    Its address there is the other container's, which is where it is reached.
    """
    host = host_of(container, replicas)
    return replace(container, networks=host.networks) if host else container


def _grouped(read: Sequence[Read]) -> tuple[GatewayService, ...]:
    """By service; those of which every container could be read, since all are told or none."""
    lost = {one.service for one in _rejected(read)}
    known = [
        (r, told)
        for r, told in read
        if r.service not in lost and not isinstance(told, GatewayUnread)
    ]
    return tuple(
        GatewayService(
            service,
            tuple(container for container, _ in known if container.service == service),
            tuple(told for container, told in known if container.service == service),
        )
        for service in dict.fromkeys(container.service for container, _ in known)
    )


def _rejected(read: Sequence[Read]) -> tuple[Rejected, ...]:
    return tuple(
        Rejected(container, why) for container, why in read if isinstance(why, GatewayUnread)
    )
