"""A gateway that is a service of the project, in an edge's network namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sim.nginx import Gateway
from tests.sim.survey import include_of

if TYPE_CHECKING:
    from tests.sim.containers import Box
    from tests.sim.world import Sim

NGINX = "nginx"


class Edge:
    """Keeps the nginx of every container of service `nginx` in step with the container."""

    def __init__(self, sim: Sim) -> None:
        self._sim = sim
        self._known: dict[str, Gateway] = {}
        sim.engine.on_start = self._start
        sim.engine.on_end = self._end
        sim.judge.edge = True

    def _start(self, box: Box) -> None:
        if box.service != NGINX:
            return
        gateways = self._sim.gateways
        present = gateways.takers
        for name in self._sim.upstreams:  # its image has a boot default
            box.files.setdefault(include_of(name), self._sim.include(name, [f"{name}:9000"]))
        # started again it is the same container to whoever has read its configuration
        gateway = self._known.setdefault(box.id, Gateway(box.id, box.files))
        gateway.quits = False
        gateways.boot(gateway)
        self._sim.judge.edge = True
        if self._sim.faults.process.rolled is not None and present:
            self._sim.judge.may_begin(gateway, present[0])

    def _end(self, box: Box) -> None:
        """With its edge every nginx is cut off; what the world takes is nobody's fault."""
        gateways = self._sim.gateways.all
        for gone in [id_ for id_ in gateways if box.id in (id_, self._sim.engine.boxes[id_].host)]:
            del gateways[gone]
        if self._sim.faults.process.rolled is None:
            self._sim.judge.nginx_fell = self._sim.judge.moves
            self._sim.judge.edge &= bool(self._sim.gateways.takers)
