"""An engine whose containers are processes, sockets and words of the tests."""

from __future__ import annotations

import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from composeroll.model import (
    Attachment,
    ContainerEvent,
    ContainerState,
    Output,
    Protocol,
    Replica,
    Route,
)
from composeroll.readiness.dialers import Dialers
from composeroll.readiness.direct import DirectPipe
from composeroll.readiness.readiness import Readiness
from composeroll.report.events import Event

NETWORK = "net"

HANGS = Output(124, overdue=True)
"""What a check brings back that never ends."""


class Check:
    """A check that has begun."""

    def __init__(self, ends: Callable[[], Output]) -> None:
        self._ends = ends
        self._closed = threading.Event()

    def outcome(self, timeout: float) -> Output:
        """At once, but for one that hangs."""
        assert timeout > 0
        output = self._ends()
        if output is HANGS:
            self._closed.wait(timeout)
        return output

    def close(self) -> None:
        """Nobody waits any longer."""
        self._closed.set()


class Engine:
    """Containers by ID, their logs, their checks, and a stream of events."""

    def __init__(self, *replicas: Replica) -> None:
        self.containers = {replica.id: replica for replica in replicas}
        self.said: dict[str, tuple[str, ...]] = {}
        self.check: Callable[[str], Output] = lambda _: Output(0)
        self.emitted: list[Event] = []
        self._events: queue.SimpleQueue[ContainerEvent] = queue.SimpleQueue()

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """No test of this engine goes through a relay."""
        raise AssertionError((container, argv, user, timeout))

    def begin(self, container: str, argv: Sequence[str]) -> Check:
        """Whatever `check` says."""
        assert argv
        return Check(lambda: self.check(container))

    def dial(self, container: str, argv: Sequence[str]) -> DirectPipe:
        """No test of this engine goes through a relay."""
        raise AssertionError((container, argv))

    def find(self, container: str) -> Replica | None:
        """A container as it is now."""
        return self.containers.get(container)

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """What it said last."""
        return self.said.get(container, ())[-lines:]

    def next(self, timeout: float) -> ContainerEvent | None:
        """The next event."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def tell(self, action: str, container: str, **attributes: str) -> None:
        """Send an event."""
        self._events.put(ContainerEvent(action, container, "app", attributes))

    def kill(self, container: str, code: int) -> None:
        """End a container and send the event of it."""
        now = self.containers[container]
        self.containers[container] = replace(now, state=ContainerState.EXITED, exit_code=code)
        self.tell("die", container, exitCode=str(code))

    def readiness(self) -> Readiness:
        """The room under test, on this engine and this machine's network."""
        dialers = Dialers(self, is_local=lambda _: True)
        return Readiness(self, dialers, self._listen, self.emitted.append)

    @contextmanager
    def _listen(self) -> Iterator[Engine]:
        yield self


class Host:
    """An engine whose only container is this machine; `missing` programs are not there."""

    def __init__(self, *missing: str) -> None:
        self.missing = missing
        self.started: list[subprocess.Popen[bytes]] = []

    def execute(
        self, container: str, argv: Sequence[str], *, user: str = "", timeout: float = 30.0
    ) -> Output:
        """Run it here."""
        assert container == "gateway"
        assert not user
        if argv[0] in self.missing:
            return Output(127)
        try:
            ran = subprocess.run(argv, capture_output=True, timeout=timeout, check=False)
        except FileNotFoundError:
            return Output(127)
        return Output(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    def begin(self, container: str, argv: Sequence[str]) -> Check:
        """There are no checks here."""
        raise AssertionError((container, argv))

    def dial(self, container: str, argv: Sequence[str]) -> DirectPipe:
        """Start it here, its input and output on one socket."""
        assert container == "gateway"
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                argv, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL
            )
        self.started.append(process)
        return DirectPipe(ours)

    def find(self, container: str) -> Replica | None:
        """There are no replicas here."""
        raise AssertionError(container)

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """Nor their logs."""
        raise AssertionError((container, lines))


def replica(number: int = 1, host: str = "127.0.0.1") -> Replica:
    """A running replica on the gateway's network."""
    return Replica(
        id=f"{number:064x}",
        name=f"shop-app-{number}",
        service="app",
        number=number,
        image="sha256:new",
        state=ContainerState.RUNNING,
        networks=(Attachment(NETWORK, "shop_default", ipv4=host),),
        started_at="2026-01-01T00:00:00Z",
    )


def route(address: str, protocol: Protocol = Protocol.HTTP) -> Route:
    """A route to the port of a loopback server."""
    port = int(address.rpartition(":")[2])
    return Route("nginx", ("gateway",), "backend", "/u.conf", port, protocol, NETWORK)
