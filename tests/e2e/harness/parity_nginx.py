"""One nginx, real or simulated, for the same script."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from composeroll.config.flags import ComposeFlags
from composeroll.engine.engine import Engine
from composeroll.errors import GatewayError
from composeroll.nginx.gateway import Gateway
from composeroll.nginx.install import Texts
from tests.bed import images
from tests.e2e.harness.docker import docker
from tests.sim.doors import GatewayDoor
from tests.sim.nginx import Gateway as SimulatedGateway
from tests.sim.world import Sim

HALF = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
PATIENCE = 30.0
"""Seconds for old workers to leave, and for a container to serve."""


class Door(Protocol):
    """What `composeroll.nginx.gateways` asks of one gateway."""

    def configuration(self) -> object:
        """Read its files."""

    def install(self, texts: Texts) -> None:
        """Write and test; what was there comes back where that fails."""

    def restore(self, texts: Texts) -> None:
        """Write and test."""

    def reload(self) -> None:
        """New workers."""

    def read(self, path: str) -> str | None:
        """A file."""

    def old_workers(self) -> int:
        """How many have not left."""


class NginxSide(Protocol):
    """One of the two."""

    include: str

    @property
    def door(self) -> Door:
        """The way to it."""

    def request_under_way(self) -> AbstractContextManager[None]:
        """While the block runs, a client is being served."""

    def await_old_workers(self, count: int) -> bool:
        """Whether so many stay in the end, and the others leave."""

    def refuse_next(self) -> None:
        """What is written next is not to pass nginx's test."""

    def accept_again(self) -> None:
        """All passes again."""


@dataclass
class RealNginx:
    """A container with the gateway image."""

    door: Gateway
    address: str
    include: str = "/opt/nginx/include/app.include"

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[RealNginx]:
        """One that serves; it is gone after the block."""
        image = images.E2E_GATEWAYS["plain", "trixie"]
        images.up([image])
        name = f"parity-nginx-{uuid.uuid4().hex[:8]}"
        docker("run", "--detach", "--name", name, "--env", "LOOKUP_WAIT=0", image.ref)
        try:
            with Engine(ComposeFlags(), name) as engine:
                container = engine.find(name)
                assert container
                yield cls(_serving(engine, name), container.networks[0].host)
        finally:
            docker("rm", "--force", "--volumes", name)

    @contextmanager
    def request_under_way(self) -> Iterator[None]:
        """Half a request: the worker that has it says so, and cannot leave."""
        with socket.create_connection((self.address, 80), timeout=PATIENCE) as client:
            client.sendall(HALF)
            said = client.recv(4096)
            assert said.startswith(b"HTTP/1.1 100 "), said
            yield

    def await_old_workers(self, count: int) -> bool:
        """By asking again and again: one that holds nothing leaves a moment after the reload."""
        return _until(lambda: self.door.old_workers() == count)

    def refuse_next(self) -> None:
        """It is refused for what it says."""

    def accept_again(self) -> None:
        """What is written next says nothing bad."""


class SimulatedNginx:
    """One of the simulation."""

    include = "/etc/nginx/upstreams/app.conf"

    def __init__(self) -> None:
        self._sim = Sim({"app": {}})
        self._nginx: SimulatedGateway = self._sim.gateways.all["gateway-1"]
        self._nginx.longest = 5.0
        self.door = GatewayDoor(self._nginx, self._sim.gateways, self._sim.faults)

    @contextmanager
    def request_under_way(self) -> Iterator[None]:
        """Every worker has one there, for `longest` seconds."""
        yield

    def await_old_workers(self, count: int) -> bool:
        """Time passes at once, where it has to."""
        if self.door.old_workers() != count:
            self._sim.let_pass(PATIENCE)
        return self.door.old_workers() == count

    def refuse_next(self) -> None:
        """It reads no text as nginx would."""
        self._nginx.rejects = True

    def accept_again(self) -> None:
        """It accepts all."""
        self._nginx.rejects = False


def _serving(engine: Engine, name: str) -> Gateway:
    """A look at it, once it serves."""
    container = engine.find(name)
    assert container
    gateway = Gateway(engine, container)

    def serves() -> bool:
        try:
            return bool(gateway.workers().taking)
        except GatewayError:
            return False

    assert _until(serves), docker("logs", name)
    return gateway


def _until(holds: Callable[[], bool]) -> bool:
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not holds():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.05)
    return True
