"""Find the gateways among a project's containers, and read what each of their nginx was told."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from composeroll.config.project import Project, Service
from composeroll.model import Replica
from composeroll.nginx.configuration import Configuration
from composeroll.rollout.observed import Places
from composeroll.rollout.places import Findings, Gateway, Sight, host_of, sounds_like_nginx


class Nginx(Findings, Protocol):
    """What can be asked of a container that may run nginx."""

    def keep(self, containers: Sequence[Replica]) -> None:
        """Take it that no other containers run."""
        ...

    def runs_in(self, container: Replica) -> bool:
        """Whether an nginx runs in it that takes requests."""
        ...

    def configuration(self, container: Replica) -> Configuration:
        """What `nginx -T` prints there.

        Raises:
            Refused: nginx rejects its own files.
        """
        ...


class GatewaySurvey:
    """Looks for gateways among a project's containers."""

    def __init__(self, nginx: Nginx) -> None:
        self._nginx = nginx

    def look(
        self,
        project: Project,
        services: Sequence[Service],
        replicas: Sequence[Replica],
        *,
        preflight: bool,
    ) -> Places:
        """Where these services stand, and with `preflight` what there would hurt a rollout.

        Each gateway is read once.

        Raises:
            Refused: an nginx rejects its own files.
        """
        gateways = self._gateways(_told(project, services), replicas)
        findings = self._nginx if preflight else None
        return Sight(project, replicas, gateways, findings).places(services)

    def _gateways(self, told: AbstractSet[str], replicas: Sequence[Replica]) -> tuple[Gateway, ...]:
        """The services that run nginx: those the settings name, else those that look like it."""
        running = [_housed(r, replicas) for r in replicas if r.running]
        self._nginx.keep(running)
        likely = [r for r in running if r.service in told or sounds_like_nginx(r)]
        with ThreadPoolExecutor(max_workers=8) as side_by_side:
            for candidates in (likely, running):
                proven = side_by_side.map(self._nginx.runs_in, candidates)
                found = [r for r, runs in zip(candidates, list(proven), strict=True) if runs]
                if found:
                    break
            read = list(side_by_side.map(self._nginx.configuration, found))
        return _grouped(found, read)


def _told(project: Project, services: Sequence[Service]) -> AbstractSet[str]:
    """The gateways that the settings name for these services, and those of them that are some."""
    named = {service.settings.gateway for service in project.services.values()}
    own = {service.settings.gateway for service in services}
    return {service.name for service in services if service.name in named} | set(filter(None, own))


def may_be_gateways(project: Project) -> frozenset[str]:
    """The services that the file leads one to take for gateways; all, where it tells nothing."""
    services = project.services.values()
    told = {s.name for s in services if s.may_be_nginx} | {s.settings.gateway for s in services}
    return frozenset(filter(None, told)) & project.services.keys() or frozenset(project.services)


def _housed(container: Replica, replicas: Sequence[Replica]) -> Replica:
    """The same with the networks it is really on: the engine lists them with the namespace's own.

    Its address there is the other container's, which is where it is reached.
    """
    host = host_of(container, replicas)
    return replace(container, networks=host.networks) if host else container


def _grouped(
    containers: Sequence[Replica], configurations: Sequence[Configuration]
) -> tuple[Gateway, ...]:
    pairs = list(zip(containers, configurations, strict=True))
    return tuple(
        Gateway(
            service,
            tuple(c for c, _ in pairs if c.service == service),
            tuple(read for c, read in pairs if c.service == service),
        )
        for service in dict.fromkeys(c.service for c in containers)
    )
