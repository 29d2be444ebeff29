"""What the steps need of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from composeroll.model import Hook, Output, Replica
from composeroll.rollout.draining import SetAside


class Engine(Protocol):
    """Containers and images, by full ID.

    Every method raises EngineError when the engine refuses, EngineUnreachable when it is gone.
    """

    def replicas(self, services: Sequence[str]) -> tuple[Replica, ...]:
        """The services' containers in all states, by service and number."""
        ...

    def names(self) -> frozenset[str]:
        """The names of all containers on the engine."""
        ...

    def create(self, scales: Mapping[str, int]) -> None:
        """`up --no-start --no-recreate --no-deps`: containers up to these counts, not started."""
        ...

    def recreate(self, service: str, scale: int, *, renew_volumes: bool) -> None:
        """`up -d --no-deps --force-recreate`: compose replaces the service's containers."""
        ...

    def start(self, ids: Sequence[str]) -> None:
        """Start containers, side by side."""
        ...

    def restart(self, ids: Sequence[str], grace: float) -> None:
        """Stop those that run within `grace` seconds, and start all."""
        ...

    def start_all(self, scales: Mapping[str, int]) -> None:
        """`up -d --no-recreate --no-deps`: compose starts what does not run, in its own way."""
        ...

    def run_hook(self, container: str, hook: Hook, timeout: float) -> Output:
        """Run what the compose file wants to be run in a container, for so many seconds at most."""
        ...

    def forbid_restart(self, ids: Sequence[str]) -> None:
        """Set their restart policy to `no`."""
        ...

    def stop(self, graces: Mapping[str, float | None]) -> None:
        """Stop these IDs side by side, each within its seconds, None for the container's own."""
        ...

    def remove(self, ids: Sequence[str], *, volumes: bool) -> None:
        """Remove stopped containers; with `volumes` their anonymous volumes too."""
        ...

    def remove_volumes(self, names: Sequence[str]) -> None:
        """Remove volumes; those that are gone or still mounted are left alone."""
        ...

    def rename(self, container: str, name: str) -> None:
        """Give a container a name."""
        ...

    def tag(self, image: str, reference: str) -> None:
        """Make `reference` name this image ID."""
        ...

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """The last lines a container wrote."""
        ...


class Serving(Engine, Protocol):
    """The same without the replicas that were left to drain on, unless it is asked for them."""

    def set_aside(self, replicas: Sequence[Replica], seconds: float) -> None:
        """Let them drain on for so long; one that does already, or is gone, is fine."""
        ...

    def aside(self, services: Sequence[str]) -> tuple[SetAside, ...]:
        """The services' replicas that drain on."""
        ...

    def now(self) -> float:
        """Seconds on the engine's own clock."""
        ...
