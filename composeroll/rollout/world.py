"""What the steps need of the world: the other rooms answer to it, and the tests' simulation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct, field

from composeroll.config.settings import Ready
from composeroll.model import (
    Answered,
    Attachment,
    ContainerEvent,
    Held,
    Replica,
    Route,
    Site,
    Visit,
)
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.report.events import Emit
from composeroll.rollout.engine import Serving


class EventStream(Protocol):
    """The engine's events about this project's containers, from the moment it was opened."""

    def next(self, timeout: float) -> ContainerEvent | None:
        """The next event, or None after `timeout` seconds without one."""
        ...


class Traffic(Protocol):
    """How an upstream's servers answer, from the moment it was opened."""

    @property
    def before(self) -> Sequence[Answered]:
        """The last answers from before that moment."""
        ...

    @property
    def hidden(self) -> Sequence[str]:
        """Why some answers cannot be seen, a sentence each."""
        ...

    @property
    def seen(self) -> bool:
        """Whether any can be seen."""
        ...

    def read(self) -> Sequence[Answered]:
        """Return the answers since the last call; raise GatewayError if the log has ended."""
        ...


Texts = Mapping[str, Mapping[str, str | None]]
"""Include texts by path, by gateway container ID; None: no file."""


class Gateways(Protocol):
    """All gateway containers of the rollout, as one: written all, or none.

    Those that are waited for are named by their services, single ones of others by full ID: other
    containers of the project may run nginx too.
    """

    def switch(self, texts: Texts, back: Callable[[], Texts] = dict) -> None:
        """Install and reload.

        Either every gateway serves the new text when this returns, or this raises GatewayError, and
        a gateway that took it was told what `back` says of it then, if anything.
        """
        ...

    def restore(self, texts: Texts) -> None:
        """Put previous texts back and reload, in every gateway where that goes.

        Raises GatewayError where one of them did not take it; the others did.
        """
        ...

    @property
    def settled(self) -> bool:
        """Whether no nginx may run by anything else than its files, after reloads of this run."""
        ...

    def read(self, container: str, path: str) -> str | None:
        """An include's text as it stands in the gateway, None where there is no such file."""
        ...

    def untouched(self, container: str, path: str) -> bool:
        """Whether an include is as it was when this run last read or wrote it."""
        ...

    def old_workers(self, services: Collection[str]) -> int:
        """How many nginx workers from before the last reload still live, in these gateways."""
        ...

    def also_reaching(self, services: Collection[str], hosts: Collection[str]) -> frozenset[str]:
        """Full IDs of gateways of other services whose old workers hold connections to these hosts.

        Hosts are bare addresses.
        """
        ...

    def held(self, services: Collection[str], leaving: Collection[str]) -> Held:
        """What these workers still hold, with replicas at these bare addresses on their way out."""
        ...

    def connections_to(
        self, services: Collection[str], addresses: Sequence[str]
    ) -> Mapping[str, int]:
        """Established connections from these gateways, by address; uncountable ones are absent."""
        ...

    def traffic(self, containers: Sequence[str], upstream: str) -> Traffic:
        """Follow the access logs of these gateways, by full ID, for an upstream's answers."""
        ...


class Nginx(Protocol):
    """nginx in single containers, also in such as are no gateway of the rollout yet, or no more."""

    def find(self, container: str) -> Replica | None:
        """A container by ID or name, as it is now."""
        ...

    def stand_in(self, model: str, name: str, beside: str) -> Replica:
        """Create a container like `model`, named `name`, that stands apart; not started.

        It is on the networks of the container `beside`, and published nowhere. One of that name
        that a killed run has left goes first.
        """
        ...

    def put(self, container: str, path: str, text: str) -> None:
        """Have a file in a container that does not run; one that is right already stays."""
        ...

    def serves(self, container: Replica) -> bool:
        """Whether an nginx runs in it, and its workers accept connections."""
        ...

    def configuration(self, container: Replica) -> Configuration:
        """What `nginx -T` prints there; raises Refused where nginx rejects its files."""
        ...

    def cut_off(self, container: Replica, edge: Replica) -> bool:
        """Whether none of the edge's addresses leads into its network namespace."""
        ...

    def listening(self, container: Replica) -> frozenset[int] | None:
        """Return the ports that its own processes listen on; None if that cannot be read."""
        ...

    def workers(self, container: Replica) -> int:
        """How many nginx workers live in it; none where it has ended."""
        ...

    def quit(self, container: Replica) -> None:
        """Have nginx take nothing new and end what it has; one that has ended is fine."""
        ...

    def visit(
        self, place: Attachment, sites: Sequence[Site], via: str, path: str
    ) -> Mapping[Site, Visit]:
        """Ask for every site that can be asked at a place on a network, from container `via`."""
        ...


class Readiness(Protocol):
    """Proof that replicas answer."""

    def await_ready(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> None:
        """Return when every replica has proved itself; raises NotReady as soon as one cannot."""
        ...

    def ready_among(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> tuple[Replica, ...]:
        """Those that prove themselves within `settings.timeout`, each on its own."""
        ...


class Lock(Protocol):
    """The right to change the services of this rollout."""

    def ensure(self) -> bool:
        """Return whether the lock was held all the time; one that was removed is taken again.

        Raises Locked if another run has it now.
        """
        ...


class Clock(Protocol):
    """Time, so that a simulation can have its own."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


Listen = Callable[[], AbstractContextManager[EventStream]]
"""Opens a stream of the engine's events from now on."""


class World(Struct, frozen=True):
    """Everything a step may touch.

    Attributes:
        shield: while it is entered, signals wait.
        nginx: asked where a gateway itself is replaced.
        lock: asked before every step.
        proven: replicas as they were when they proved themselves in this run, by full ID.
        drained: full IDs of what this run has drained: nothing new is told of it.
    """

    project: str
    engine: Serving
    gateways: Gateways
    nginx: Nginx
    readiness: Readiness
    events: Listen
    clock: Clock
    emit: Emit
    shield: Callable[[], AbstractContextManager[None]]
    lock: Lock
    proven: dict[str, Replica] = field(default_factory=dict)
    drained: set[str] = field(default_factory=set)
