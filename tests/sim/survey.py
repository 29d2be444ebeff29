"""Where the services stand in the fake gateways, read from their files as `nginx -T` would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composeroll.config.project import Project, Service
from composeroll.errors import GatewayError, Refused
from composeroll.model import Protocol, Replica, Route, Upstream
from composeroll.rollout.observed import Wiring
from tests.sim.containers import NETWORK
from tests.sim.faults import Faults
from tests.sim.nginx import Gateways, read_upstream


def include_of(service: str) -> str:
    """The path of a service's include."""
    return f"/etc/nginx/upstreams/{service}.conf"


class Survey:
    """Answers to `composeroll.rollout.observe.Survey`; the gateway is a service of its own."""

    def __init__(self, gateways: Gateways, faults: Faults) -> None:
        self._gateways = gateways
        self._faults = faults

    def wirings(
        self, project: Project, services: Sequence[Service], replicas: Sequence[Replica]
    ) -> Mapping[str, Wiring | Refused]:
        """The services that have an include."""
        del project, replicas
        with self._faults.change("look at nginx", GatewayError):
            pass
        found = {s.name: self._texts(include_of(s.name)) for s in services}
        return {name: self._wiring(name, texts) for name, texts in found.items() if any(texts)}

    def _texts(self, path: str) -> dict[str, str]:
        return {g.id: g.files[path] for g in self._gateways.all.values() if path in g.files}

    def _wiring(self, service: str, texts: Mapping[str, str]) -> Wiring:
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
