"""The interface between the steps and the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from composeroll.model import Hook, Output, Replica
from composeroll.rollout.detached_replica import DetachedReplica


class Engine(Protocol):
    """Containers and images, by full ID.

    Every method raises EngineError if the engine refuses, EngineUnreachable if it does not answer.
    """

    def replicas(self, services: Sequence[str]) -> tuple[Replica, ...]:
        """Return the services' containers in all states, ordered by service and number."""
        ...

    def names(self) -> frozenset[str]:
        """Return the names of all containers on the engine."""
        ...

    def create(self, scales: Mapping[str, int]) -> None:
        """Create containers up to these counts (`up --no-start --no-recreate --no-deps`)."""
        ...

    def recreate(self, service: str, scale: int, *, renew_volumes: bool) -> None:
        """Have compose replace the service's containers (`up -d --no-deps --force-recreate`)."""
        ...

    def start(self, ids: Sequence[str]) -> None:
        """Start containers, side by side."""
        ...

    def restart(self, ids: Sequence[str], grace: float) -> None:
        """Stop the running ones, with `grace` seconds each, and start all."""
        ...

    def start_all(self, scales: Mapping[str, int]) -> None:
        """Have compose start the containers that do not run (`up -d --no-recreate --no-deps`)."""
        ...

    def run_hook(self, container: str, hook: Hook, timeout: float) -> Output:
        """Run a hook of the compose file in a container, for at most `timeout` seconds."""
        ...

    def forbid_restart(self, ids: Sequence[str]) -> None:
        """Set their restart policy to `no`."""
        ...

    def stop(self, graces: Mapping[str, float | None]) -> None:
        """Stop containers side by side, each with its grace period in seconds; None: its own."""
        ...

    def remove(self, ids: Sequence[str], *, volumes: bool) -> None:
        """Remove stopped containers; with `volumes` their anonymous volumes too."""
        ...

    def remove_volumes(self, names: Sequence[str]) -> None:
        """Remove volumes, except those that are gone or still mounted."""
        ...

    def rename(self, container: str, name: str) -> None:
        """Rename a container."""
        ...

    def tag(self, image: str, reference: str) -> None:
        """Make `reference` name this image ID."""
        ...

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """Return the last lines that a container has logged."""
        ...


class Serving(Engine, Protocol):
    """The same without detached replicas, which have their own methods."""

    def detach(self, replicas: Sequence[Replica], seconds: float) -> None:
        """Detach replicas, to drain for so many seconds; they may be detached already, or gone."""
        ...

    def detached(self, services: Sequence[str]) -> tuple[DetachedReplica, ...]:
        """Return the services' detached replicas."""
        ...

    def now(self) -> float:
        """Return the seconds of the engine's clock."""
        ...
