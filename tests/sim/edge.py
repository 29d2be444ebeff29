"""A gateway that is a service of the project, in an edge's network namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sim.nginx import Gateway

if TYPE_CHECKING:
    from tests.sim.containers import Box
    from tests.sim.world import Sim

NGINX = "nginx"


class Edge:
    """Keeps the nginx of every container of service `nginx` in step with the container."""

    def __init__(self, sim: Sim) -> None:
        self._sim = sim
        sim.engine.on_start = self._start
        sim.engine.on_end = self._end
        sim.judge.edge = True

    def _start(self, box: Box) -> None:
        if box.service != NGINX:
            return
        gateways = self._sim.gateways
        present = gateways.takers
        gateway = Gateway(box.id, box.files)
        gateways.boot(gateway)
        self._sim.judge.edge = True
        if self._sim.faults.process.rolled is not None and present:
            self._sim.judge.may_begin(gateway, present[0])

    def _end(self, box: Box) -> None:
        """With its edge every nginx is cut off; what the world takes is nobody's fault."""
        gateways = self._sim.gateways.all
        for gone in [id_ for id_ in gateways if box.id in (id_, self._sim.engine.boxes[id_].host)]:
            del gateways[gone]
        if self._sim.faults.process.rolled is None and not self._sim.gateways.takers:
            self._sim.judge.edge = False
