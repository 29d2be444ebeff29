"""Where the services stand in the fake gateways, read from their files as `nginx -T` would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from composeroll.config.project import Project, Service
from composeroll.errors import Refused
from composeroll.model import Protocol, Replica, Route, Upstream
from composeroll.nginx.gateway import Gateway as RealGateway
from composeroll.nginx.gateways import Gateways as RealGateways
from composeroll.rollout.observed import Wiring
from tests.sim.containers import NETWORK
from tests.sim.doors import GatewayDoor
from tests.sim.faults import Faults
from tests.sim.nginx import Gateways, read_upstream


def include_of(service: str) -> str:
    """The path of a service's include."""
    return f"/etc/nginx/upstreams/{service}.conf"


class Survey:
    """Answers to `composeroll.rollout.observe.Survey`, for one run.

    Attributes:
        gateways: answers to `composeroll.rollout.world.Gateways`, by composeroll's own code.
    """

    def __init__(self, nginx: Gateways, faults: Faults) -> None:
        self._doors = {g.id: GatewayDoor(g, nginx, faults) for g in nginx.all.values()}
        doors = cast("list[RealGateway]", list(self._doors.values()))
        self.gateways = RealGateways(doors)

    def wirings(
        self, project: Project, services: Sequence[Service], replicas: Sequence[Replica]
    ) -> Mapping[str, Wiring | Refused]:
        """The services that have an include."""
        del project, replicas
        files = {name: door.configuration() for name, door in self._doors.items()}
        found = {s.name: _texts(files, include_of(s.name)) for s in services}
        return {name: _wiring(name, texts) for name, texts in found.items() if any(texts)}


def _texts(files: Mapping[str, Mapping[str, str]], path: str) -> dict[str, str]:
    return {gateway: there[path] for gateway, there in files.items() if path in there}


def _wiring(service: str, texts: Mapping[str, str]) -> Wiring:
    route = Route(
        gateway="nginx",
        containers=tuple(texts),
        upstream=service,
        include=include_of(service),
        port=9000,
        protocol=Protocol.FASTCGI,
        network_id=NETWORK,
    )
    first = read_upstream(next(iter(texts.values())))
    return Wiring(route, first or Upstream(service), texts)
