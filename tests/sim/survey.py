"""Where the services stand in the fake gateways, read from their files as `nginx -T` would."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from composeroll.config.project import Project, Service
from composeroll.model import Held, Protocol, Replica, Route, Upstream
from composeroll.nginx.access_log.traffic import Traffic
from composeroll.nginx.configuration.upstreams import merged
from composeroll.nginx.gateway import Gateway as RealGateway
from composeroll.nginx.gateways import Gateways as RealGateways
from composeroll.nginx.gateways import PreviousTexts
from composeroll.nginx.install import Texts
from composeroll.rollout.observing.observed import Front, Places, Wiring
from tests.sim.containers import NETWORK
from tests.sim.doors import GatewayDoor
from tests.sim.faults import Faults
from tests.sim.nginx import Gateways, read_upstream

GATEWAY = "nginx"


def include_of(service: str) -> str:
    """The path of a service's include."""
    return f"/etc/nginx/upstreams/{service}.conf"


class Survey:
    """Answers to `composeroll.rollout.observing.observe.Survey`, for one run.

    Attributes:
        gateways: answers to `composeroll.rollout.world.Gateways`, by composeroll's own code.
    """

    def __init__(self, nginx: Gateways, faults: Faults) -> None:
        self._nginx = nginx
        self._faults = faults
        self._doors: dict[str, GatewayDoor] = {}
        self.gateways = KnownGateways(self._doors)

    def look(
        self,
        project: Project,
        services: Sequence[Service],
        replicas: Sequence[Replica],
        *,
        preflight: bool,
    ) -> Places:
        """The services that have an include in those that take requests, and these themselves."""
        del preflight
        self._look_around()
        takers = [gateway.id for gateway in self._nginx.takers]
        doors = {id_: door for id_, door in self._doors.items() if id_ in takers}
        files = {name: door.configuration() for name, door in doors.items()}
        everywhere = _wirings(tuple(project.services.values()), files)
        return Places(_wirings(services, files), _fronts(services, replicas, everywhere, takers))

    def _look_around(self) -> None:
        """Learn of the gateways that run by now, and forget those that have ended."""
        for gone in self._doors.keys() - self._nginx.all.keys():
            del self._doors[gone]
        for id_, gateway in self._nginx.all.items():
            door = self._doors.setdefault(id_, GatewayDoor(gateway, self._nginx, self._faults))
            door.container = gateway  # its container may have been started again


class KnownGateways:
    """Answers to `composeroll.rollout.world.Gateways`: the real ones, over those known by now."""

    def __init__(self, doors: Mapping[str, GatewayDoor]) -> None:
        self._doors = doors

    def switch(self, texts: Mapping[str, Texts], back: PreviousTexts = dict) -> None:
        """All of them, or none."""
        self._all.switch(texts, back)

    def restore(self, texts: Mapping[str, Texts]) -> None:
        """Wherever that goes."""
        self._all.restore(texts)

    @property
    def settled(self) -> bool:
        """All of them."""
        return self._all.settled

    def read(self, container: str, path: str) -> str | None:
        """A file of one of them."""
        return self._all.read(container, path)

    def untouched(self, container: str, path: str) -> bool:
        """A file of one of them."""
        return self._all.untouched(container, path)

    def old_workers(self, services: Collection[str]) -> int:
        """Of all: there are no others."""
        assert set(services) <= {GATEWAY}
        return self._all.old_workers()

    def also_reaching(self, services: Collection[str], hosts: Collection[str]) -> frozenset[str]:
        """None: there are no others."""
        assert set(services) <= {GATEWAY}
        del hosts
        return frozenset()

    def held(self, services: Collection[str], leaving: Collection[str]) -> Held:
        """By old workers of all."""
        assert set(services) <= {GATEWAY}
        return self._all.held(leaving)

    def connections_to(
        self, services: Collection[str], addresses: Sequence[str]
    ) -> Mapping[str, int]:
        """Of all."""
        assert set(services) <= {GATEWAY}
        return self._all.connections_to(addresses)

    def traffic(self, containers: Sequence[str], upstream: str) -> Traffic:
        """Of some."""
        return self._all.traffic(containers, upstream)

    @property
    def _all(self) -> RealGateways:
        return RealGateways(cast("list[RealGateway]", list(self._doors.values())))


def _wirings(
    services: Sequence[Service], files: Mapping[str, Mapping[str, str]]
) -> Mapping[str, Wiring]:
    found = {s.name: _texts(files, include_of(s.name)) for s in services}
    return {name: _wiring(name, texts) for name, texts in found.items() if any(texts)}


def _fronts(
    services: Sequence[Service],
    replicas: Sequence[Replica],
    behind: Mapping[str, Wiring],
    takers: Collection[str],
) -> Mapping[str, Front]:
    gateway = next((s for s in services if s.edge), None)
    edge = next((r for r in replicas if gateway and r.service == gateway.edge), None)
    if not (gateway and edge and takers):
        return {}
    return {gateway.name: Front(tuple(takers), edge.networks[0], edge, behind)}


def _texts(files: Mapping[str, Mapping[str, str]], path: str) -> dict[str, str]:
    return {gateway: there[path] for gateway, there in files.items() if path in there}


def _wiring(service: str, texts: Mapping[str, str]) -> Wiring:
    route = Route(
        gateway=GATEWAY,
        containers=tuple(texts),
        upstream=service,
        include=include_of(service),
        port=9000,
        protocol=Protocol.FASTCGI,
        network_id=NETWORK,
    )
    servers = tuple(read_upstream(text) or Upstream(service) for text in texts.values())
    return Wiring(route, merged(servers), texts, by_gateway=servers)
