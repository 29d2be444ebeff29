"""nginx in single containers of the fake world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composeroll.errors import EngineError, Refused
from composeroll.model import Attachment, ContainerState, Replica, Site, Visit
from composeroll.nginx.configuration.configuration import Configuration
from tests.sim.compose import Engine
from tests.sim.containers import Box
from tests.sim.faults import Faults
from tests.sim.nginx import Gateway, Gateways
from tests.sim.readiness import Readiness


class SingleNginx:
    """Answers to `composeroll.rollout.world.Nginx`. Its nginx has no sites to be asked for."""

    def __init__(
        self, gateways: Gateways, engine: Engine, readiness: Readiness, faults: Faults
    ) -> None:
        self._gateways = gateways
        self._engine = engine
        self._readiness = readiness
        self._faults = faults

    def find(self, container: str) -> Replica | None:
        """By ID or name."""
        self._faults.ask(f"look at {container[:12]}")
        found = (b for b in self._engine.boxes.values() if container in (b.id, b.name))
        return next((box.replica() for box in found), None)

    def stand_in(self, model: str, name: str, beside: str) -> Replica:
        """A container of no service, with the image of another; one of that name goes first."""
        del beside
        for left in [b for b in self._engine.boxes.values() if b.name == name]:
            with self._faults.change(f"remove {name}, which was left"):
                self._engine.boxes.pop(left.id, None)
        with self._faults.change(f"create {name}"):
            return self._engine.stand_in(self._box(model), name).replica()

    def put(self, container: str, path: str, text: str) -> None:
        """A file in a container that does not run."""
        with self._faults.change(f"put {path} into {container[:12]}"):
            self._box(container).files[path] = text

    def serves(self, container: Replica) -> bool:
        """Whether it answers by now; one that was told to quit takes nothing new."""
        self._faults.ask(f"look at the workers of {container.name}")
        self._gateways.tell_of_look(self._faults.process)
        gateway = self._gateways.all.get(container.id)
        if gateway and container.id not in self._engine.boxes:
            return not gateway.quits
        return self._readiness.proves_itself(container) and not (gateway and gateway.quits)

    def configuration(self, container: Replica) -> Configuration:
        """Its files."""
        self._faults.ask(f"nginx -T in {container.name}")
        gateway = self._gateways.all.get(container.id)
        if gateway and gateway.rejects:
            raise Refused(f"nginx rejects its configuration in {container.name}")
        files = gateway.files if gateway else self._box(container.id).files
        return Configuration("/etc/nginx/nginx.conf", dict(files))

    def cut_off(self, container: Replica, edge: Replica) -> bool:
        """Whether it runs on without the edge that it was started in."""
        del edge
        self._faults.ask(f"look at the addresses of {container.name}")
        return self._box(container.id).running and container.id not in self._gateways.all

    def listening(self, container: Replica) -> frozenset[int] | None:
        """Nothing can tell."""
        self._faults.ask(f"look at the sockets of {container.name}")
        return None

    def workers(self, container: Replica) -> int:
        """Those of one that has not ended."""
        self._faults.ask(f"count the workers of {container.name}")
        gateway = self._gateways.all.get(container.id)
        return len(gateway.workers) if gateway else 0

    def quit(self, container: Replica) -> None:
        """Let it end what it has."""
        with self._faults.change(f"quit {container.name}"):
            gateway = self._gateways.all.get(container.id)
            if gateway and not gateway.quits:
                self._gateways.quit(gateway, lambda: self._ended(gateway))

    def visit(
        self, place: Attachment, sites: Sequence[Site], via: str, path: str
    ) -> Mapping[Site, Visit]:
        """There is nothing to ask for."""
        del place, via, path
        self._faults.ask("visit the sites")
        assert not sites
        return {}

    def _ended(self, gateway: Gateway) -> None:
        box = self._engine.boxes.get(gateway.id)
        if box and box.state is ContainerState.RUNNING and gateway.quits:
            self._engine.quit_now(box)

    def _box(self, container: str) -> Box:
        if container not in self._engine.boxes:
            raise EngineError(f"No such container: {container}")
        return self._engine.boxes[container]
