"""Find the gateways among a project's containers, and read the configuration of each nginx."""

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
from composeroll.rollout.observing.observed import Places, Wiring
from composeroll.rollout.survey.likely import sounds_like_nginx
from composeroll.rollout.survey.places import Findings, GatewayService, GatewayView
from composeroll.rollout.survey.reach import host_of
from composeroll.rollout.survey.rejected import Rejected
from composeroll.rollout.survey.stranded import is_left_behind, is_orphaned

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds to wait for a gateway container whose nginx has not begun, while others of its service
take requests: the gateway image waits 3 s for a name without an address."""

POLL = 0.25
"""Seconds between two checks of such a container."""

Read = tuple[Replica, Configuration | GatewayUnread]
"""A gateway's container, and its nginx's configuration or why that is not known."""


class Nginx(Findings, Protocol):
    """What the survey asks about a container that may run nginx."""

    def keep(self, containers: Sequence[Replica]) -> None:
        """Forget all other containers: they do not run."""
        ...

    def runs_in(self, container: Replica) -> bool:
        """Return whether an nginx that takes requests runs in the container."""
        ...

    def quits(self, container: Replica) -> bool:
        """Return whether the nginx last found in the container was told to quit."""
        ...

    def cut_off(self, container: Replica, edge: Replica) -> bool:
        """Return whether none of the edge's addresses leads into its network namespace."""
        ...

    def configuration(self, container: Replica) -> Configuration:
        """Return what `nginx -T` prints in the container.

        Raises:
            GatewayUnread: nginx rejects its own files.
        """
        ...


class GatewaySurvey:
    """Finds the gateways among a project's containers. One instance serves a whole run."""

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
        """Return the services' places; with `preflight`, also what there would hurt a rollout.

        Each gateway is read once: first those that the settings name or that look like nginx, and
        all others only if one of the services has no place in these.

        Raises:
            GatewayUnread: no gateway could be read, for example since nginx rejects its own files.
        """
        lost = [r for r in replicas if r.running and self._is_lost(r, replicas, project)]
        cut_off = frozenset(r.service for r in lost if self._nginx.runs_in(r))
        running = [_housed(r, replicas) for r in replicas if r.running and r not in lost]
        self._nginx.keep(running)
        named = _named_gateways(project, services) | {
            r.service for r in running if sounds_like_nginx(r)
        }
        read, late = self._read([r for r in running if r.service in named])
        view = GatewayView(project, replicas, _grouped(read), None, cut_off, _rejected(read))
        if _any_without(view.places(services), services):
            more = self._read([r for r in running if r.service not in named])
            read, late = read + more[0], late + more[1]
        rejected, findings = _rejected(read), self._nginx if preflight else None
        view = GatewayView(project, replicas, _grouped(read), findings, cut_off, rejected, late)
        if rejected and not view.gateways and any(map(_wants_place, services)):
            raise rejected[0].why
        return view.places(services)

    def _is_lost(self, one: Replica, replicas: Sequence[Replica], project: Project) -> bool:
        """Return whether no client can reach it: a rollout behind it would serve no one."""
        service = project.services.get(one.service)
        orphaned = is_orphaned(one, replicas, service.edge if service else "")
        return orphaned or is_left_behind(one, replicas, self._nginx.cut_off)

    def _read(self, candidates: Sequence[Replica]) -> tuple[list[Read], list[Replica]]:
        """Return the gateways among the candidates, and those whose nginx has not begun."""
        found, late = self._started(candidates)
        answer = _side_by_side(self._configuration, found)
        return list(zip(found, answer, strict=True)), late

    def _started(self, candidates: Sequence[Replica]) -> tuple[list[Replica], list[Replica]]:
        """Return those whose nginx takes requests, and those of the same services without one yet.

        A container that is just starting, or that the engine could not look into, gets `PATIENCE`
        seconds, once per run and start.
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

    def _configuration(self, gateway: Replica) -> Configuration | GatewayUnread:
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
    """Return whether one of the services has no place yet, as a server or as a gateway."""
    wired = {name for name, place in places.wirings.items() if isinstance(place, Wiring)}
    known = wired | places.fronts.keys()
    return any(s.name not in known for s in services if _wants_place(s))


def _wants_place(service: Service) -> bool:
    return service.settings.gateway != NO_GATEWAY


def _named_gateways(project: Project, services: Sequence[Service]) -> AbstractSet[str]:
    """Return the gateways that the settings name for these services, and those among them."""
    named = {service.settings.gateway for service in project.services.values()}
    own = {service.settings.gateway for service in services}
    return {service.name for service in services if service.name in named} | set(filter(None, own))


def _housed(container: Replica, replicas: Sequence[Replica]) -> Replica:
    """Return the container with the networks of the container whose namespace it shares.

    The engine lists them only with that one; its addresses are where this container is reached.
    """
    host = host_of(container, replicas)
    return replace(container, networks=host.networks) if host else container


def _grouped(read: Sequence[Read]) -> tuple[GatewayService, ...]:
    """Group by service; leave out those with an unread container: a switch reaches all or none."""
    lost = {one.service for one in _rejected(read)}
    known = [
        (r, answer)
        for r, answer in read
        if r.service not in lost and not isinstance(answer, GatewayUnread)
    ]
    return tuple(
        GatewayService(
            service,
            tuple(container for container, _ in known if container.service == service),
            tuple(answer for container, answer in known if container.service == service),
        )
        for service in dict.fromkeys(container.service for container, _ in known)
    )


def _rejected(read: Sequence[Read]) -> tuple[Rejected, ...]:
    return tuple(
        Rejected(container, why) for container, why in read if isinstance(why, GatewayUnread)
    )
