"""A way to the engine that a test can cut."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.harness.docker import docker

SOCKET = "unix://"


@dataclass
class Wire:
    """A socket that passes everything on to the engine's own, until it is cut."""

    path: Path
    listening: socket.socket
    engine: str
    ends: list[socket.socket] = field(default_factory=list)
    serving: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.serving = threading.Thread(target=self.serve, daemon=True)
        self.serving.start()

    @property
    def environment(self) -> dict[str, str]:
        """What sends docker, compose and composeroll through it."""
        return {"DOCKER_HOST": f"{SOCKET}{self.path}"}

    def cut(self) -> None:
        """Nobody gets through any more, and who is talking, or waits to be heard, hears no more."""
        self.path.unlink(missing_ok=True)
        _shut(self.listening)
        self.serving.join()
        self.listening.close()
        for end in self.ends:
            _shut(end)

    def serve(self) -> None:
        """Accept until cut."""
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self.engine)
                self.ends += (client, engine)
                for one, other in ((client, engine), (engine, client)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while got := one.recv(65536):
            other.sendall(got)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@contextmanager
def wire(directory: Path) -> Iterator[Wire]:
    """A wire to the engine that the tests themselves talk to, which has to have a local socket."""
    host = docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    assert host.startswith(SOCKET), f"the engine is at {host}, not at a socket of this machine"
    path = directory / "engine.sock"
    with socket.create_server(str(path), family=socket.AF_UNIX) as listening:
        made = Wire(path, listening, host.removeprefix(SOCKET))
        try:
            yield made
        finally:
            made.cut()
            for end in made.ends:
                end.close()
