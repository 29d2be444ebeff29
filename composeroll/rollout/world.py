"""The interface between the steps and the other rooms; the tests' simulation implements it too."""

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
    """The engine's events about this project's containers, since it was opened."""

    def next(self, timeout: float) -> ContainerEvent | None:
        """Return the next event, or None after `timeout` seconds without one."""
        ...


class Traffic(Protocol):
    """The answers of an upstream's servers, since it was opened."""

    @property
    def before(self) -> Sequence[Answered]:
        """Return the last answers from before it was opened."""
        ...

    @property
    def hidden(self) -> Sequence[str]:
        """Return the reasons why some answers cannot be seen, as sentences."""
        ...

    @property
    def seen(self) -> bool:
        """Return whether any answers can be seen."""
        ...

    def read(self) -> Sequence[Answered]:
        """Return the answers since the last call; raise GatewayError if the log has ended."""
        ...


Texts = Mapping[str, Mapping[str, str | None]]
"""Include texts by path, by gateway container ID; None: no file."""


class Gateways(Protocol):
    """All gateway containers of the rollout, which are switched all or none.

    Gateways whose old workers matter are chosen by their services' names, single containers of
    other services by full ID, since other containers of the project may run nginx too.
    """

    def switch(self, texts: Texts, back: Callable[[], Texts] = dict) -> None:
        """Install the texts and reload.

        When this returns, every gateway uses its new text. If one does not take it, this raises
        GatewayError, after those that took it have got the text that `back` returns for them.
        """
        ...

    def restore(self, texts: Texts) -> None:
        """Write previous texts again and reload, in every gateway that takes them.

        Raises GatewayError if one of them did not; the others did.
        """
        ...

    @property
    def settled(self) -> bool:
        """Whether every nginx certainly uses its current files, after the reloads of this run."""
        ...

    def read(self, container: str, path: str) -> str | None:
        """Return an include's text in the gateway, None if there is no such file."""
        ...

    def untouched(self, container: str, path: str) -> bool:
        """Return whether an include is unchanged since this run last read or wrote it."""
        ...

    def old_workers(self, services: Collection[str]) -> int:
        """Return how many workers from before the last reload still run in these gateways."""
        ...

    def also_reaching(self, services: Collection[str], hosts: Collection[str]) -> frozenset[str]:
        """Return the gateways of other services whose old workers hold connections to these hosts.

        Gateways are given by full ID, hosts by address without port.
        """
        ...

    def held(self, services: Collection[str], leaving: Collection[str]) -> Held:
        """Return what these workers still hold; `leaving` are the outgoing replicas' addresses."""
        ...

    def connections_to(
        self, services: Collection[str], addresses: Sequence[str]
    ) -> Mapping[str, int]:
        """Return the established connections from these gateways, by address; empty if unknown."""
        ...

    def traffic(self, containers: Sequence[str], upstream: str) -> Traffic:
        """Follow the access logs of these gateways, by full ID, for an upstream's answers."""
        ...


class Nginx(Protocol):
    """nginx in single containers, which need not be gateways of the rollout yet, or any longer."""

    def find(self, container: str) -> Replica | None:
        """Return a container by ID or name, as it is now."""
        ...

    def stand_in(self, model: str, name: str, beside: str) -> Replica:
        """Create a copy of the container `model`, named `name`, without starting it.

        It is on the networks of the container `beside`, and publishes no ports. A container of
        that name that a killed run has left is removed first.
        """
        ...

    def put(self, container: str, path: str, text: str) -> None:
        """Write a file into a container that does not run, unless it is already right."""
        ...

    def serves(self, container: Replica) -> bool:
        """Return whether an nginx runs in it whose workers accept connections."""
        ...

    def configuration(self, container: Replica) -> Configuration:
        """Return what `nginx -T` prints there; raise Refused if nginx rejects its files."""
        ...

    def cut_off(self, container: Replica, edge: Replica) -> bool:
        """Return whether its network namespace has none of the edge's addresses."""
        ...

    def listening(self, container: Replica) -> frozenset[int] | None:
        """Return the ports that its own processes listen on; None if that cannot be read."""
        ...

    def workers(self, container: Replica) -> int:
        """Return how many nginx workers run in it; 0 if it has ended."""
        ...

    def quit(self, container: Replica) -> None:
        """Make nginx stop accepting and finish its requests; it may have ended already."""
        ...

    def visit(
        self, place: Attachment, sites: Sequence[Site], via: str, path: str
    ) -> Mapping[Site, Visit]:
        """Send a request for every site that can be reached at `place`, from container `via`."""
        ...


class Readiness(Protocol):
    """Proves that replicas answer."""

    def await_ready(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> None:
        """Return when every replica has proved ready; raise NotReady as soon as one cannot."""
        ...

    def ready_among(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> tuple[Replica, ...]:
        """Return those that prove ready within `settings.timeout`, each independently."""
        ...


class Lock(Protocol):
    """The right to change the services of this rollout."""

    def ensure(self) -> bool:
        """Return whether the lock was held all the time; take it again if it was removed.

        Raises Locked if another run has it now.
        """
        ...


class Clock(Protocol):
    """The time, which a simulation can replace."""

    def now(self) -> float:
        """Return the seconds of a clock that never goes back."""
        ...

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


Listen = Callable[[], AbstractContextManager[EventStream]]
"""Opens a stream of the engine's events, from now on."""


class World(Struct, frozen=True):
    """Everything that a step may use.

    Attributes:
        shield: holds signals back while it is entered.
        nginx: used if a gateway itself is replaced.
        lock: checked before every step.
        proven: replicas as they were when they proved ready in this run, by full ID.
        drained: full IDs of the replicas that this run has drained; no include may name them again.
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
