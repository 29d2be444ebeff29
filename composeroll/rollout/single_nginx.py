"""nginx in single containers: future gateways, and former ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from composeroll.errors import EngineError, GatewayError, Refused
from composeroll.model import Attachment, Replica, Site, Visit
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.door import ContainerDoor
from composeroll.nginx.gateway import Gateway
from composeroll.nginx.processes.namespace import is_cut_off
from composeroll.readiness.visit import Visits


class Engine(ContainerDoor, Protocol):
    """The interface to the engine."""

    def find(self, container: str) -> Replica | None:
        """Return any container, None if there is none."""
        ...

    def stand_in(self, model: str, name: str, beside: str) -> str:
        """Create a copy of `model`, on the networks of `beside`."""
        ...

    def signal(self, container: str, name: str) -> None:
        """Send a signal to its first process."""
        ...


class SingleNginx:
    """Implements `composeroll.rollout.world.Nginx`."""

    def __init__(self, engine: Engine, visits: Visits) -> None:
        self._engine = engine
        self._visits = visits

    def find(self, container: str) -> Replica | None:
        """Return a container by ID or name, as it is now."""
        return self._engine.find(container)

    def stand_in(self, model: str, name: str, beside: str) -> Replica:
        """Create a copy of `model` without its ports.

        Raises:
            EngineError: another process removed it at once.
        """
        made = self._engine.find(self._engine.stand_in(model, name, beside))
        if made is None:
            raise EngineError(f"{name} was removed by another process")
        return made

    def put(self, container: str, path: str, text: str) -> None:
        """Write a file into a container that does not run, unless it is already right."""
        if self._engine.read_file(container, path) != text.encode():
            self._engine.write_file(container, path, text.encode())

    def serves(self, container: Replica) -> bool:
        """Return whether its workers accept connections.

        nginx opens every listening socket before it forks its first worker, and a worker has its
        title once it waits for connections (ngx_init_cycle, ngx_worker_process_cycle).
        """
        try:
            return bool(Gateway(self._engine, container).workers().taking)
        except GatewayError:
            return False

    def configuration(self, container: Replica) -> Configuration:
        """Return what `nginx -T` prints there.

        Raises:
            Refused: nginx rejects its files.
        """
        try:
            return Gateway(self._engine, container).configuration()
        except GatewayError as error:
            what = f"{error.what} in {container.name}"
            raise Refused(what, help=error.help, evidence=error.evidence) from error

    def cut_off(self, container: Replica, edge: Replica) -> bool:
        """Return whether its network namespace has none of the edge's addresses."""
        return is_cut_off(self._engine, container.id, edge.networks)

    def listening(self, container: Replica) -> frozenset[int] | None:
        """Return the ports that its own processes listen on; None if that cannot be read."""
        return Gateway(self._engine, container).listening()

    def workers(self, container: Replica) -> int:
        """Return how many nginx workers run in it."""
        try:
            return len(Gateway(self._engine, container).workers().pids)
        except GatewayError:
            return 0

    def quit(self, container: Replica) -> None:
        """Run `nginx -s quit`; if that fails, as without a pid file, send the signal."""
        try:
            delivered = Gateway(self._engine, container).quit()
        except (EngineError, GatewayError):
            delivered = False
        if not delivered:
            self._engine.signal(container.id, "SIGQUIT")

    def visit(
        self, place: Attachment, sites: Sequence[Site], via: str, path: str
    ) -> Mapping[Site, Visit]:
        """Send a request for every site that can be reached there."""
        return self._visits.visit(place, sites, via, path)
