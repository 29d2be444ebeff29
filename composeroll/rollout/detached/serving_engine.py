"""The engine as rollouts see it, without detached replicas.

Compose still counts detached replicas, by their labels, so the scales that it gets include them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Protocol

from composeroll.model import Hook, Output, Replica
from composeroll.rollout import engine
from composeroll.rollout.detached_replica import DetachedReplica, detached_name, read_detached
from composeroll.rollout.observing import observe


class Everything(observe.Containers, engine.Engine, Protocol):
    """The engine with all containers."""


class ServingEngine:
    """The engine without detached replicas, which have their own methods.

    Args:
        engine: the engine with all containers.
        now: returns the seconds of the engine's clock.
        single: services with a `container_name`, for which compose accepts only the scale 1.
    """

    def __init__(
        self, engine: Everything, now: Callable[[], float], single: Container[str] = ()
    ) -> None:
        self._all = engine
        self.now = now
        self._single = single
        self._detached: dict[str, DetachedReplica] = {}

    def detached(self, services: Sequence[str]) -> tuple[DetachedReplica, ...]:
        """Return the services' detached replicas."""
        self.replicas(services)
        return tuple(one for one in self._detached.values() if one.replica.service in services)

    def detach(self, replicas: Sequence[Replica], seconds: float) -> None:
        """Detach replicas, to drain for so many seconds; they may be detached already, or gone."""
        since = self.now()
        there = {r.id for r in self.replicas(sorted({r.service for r in replicas}))}
        for replica in replicas:
            if replica.id in there:
                self._all.rename(replica.id, detached_name(replica.name, since, since + seconds))

    def replicas(self, services: Sequence[str] | None = None) -> tuple[Replica, ...]:
        """Return the services' containers in all states, ordered by service and number."""
        everyone = self._all.replicas(services)
        found = {r.id: read_detached(r) for r in everyone}
        others = {
            container: one
            for container, one in self._detached.items()
            if services is not None and one.replica.service not in services
        }
        self._detached = others | {container: one for container, one in found.items() if one}
        return tuple(r for r in everyone if found[r.id] is None)

    def highest_detached(self, service: str) -> int:
        """Return the highest container number of a service's detached replicas; 0 if none."""
        mine = (one.replica for one in self._detached.values() if one.replica.service == service)
        return max((replica.number for replica in mine), default=0)

    def names(self) -> frozenset[str]:
        """Return the names that must stay free."""
        return self._all.names().union(*(one.blocked for one in self._detached.values()))

    def create(self, scales: Mapping[str, int]) -> None:
        """Create containers up to these counts, without starting them."""
        self._all.create(self._with_detached(scales))

    def recreate(self, service: str, scale: int, *, renew_volumes: bool) -> None:
        """Have compose replace the service's containers."""
        self._all.recreate(service, scale, renew_volumes=renew_volumes)

    def verdicts(self, scales: Mapping[str, int]) -> Mapping[str, str]:
        """Return what `up` would do to each container, by name."""
        return self._all.verdicts(self._with_detached(scales))

    def preflight(self, scales: Mapping[str, int]) -> tuple[str, ...]:
        """Return what compose would do, besides creating containers, to reach these scales."""
        return self._all.preflight(self._with_detached(scales))

    def image_id(self, reference: str) -> str | None:
        """Return the ID of the image that a reference names on the engine, if there is one."""
        return self._all.image_id(reference)

    def start(self, ids: Sequence[str]) -> None:
        """Start containers, side by side."""
        self._all.start(ids)

    def restart(self, ids: Sequence[str], grace: float) -> None:
        """Stop the running ones side by side, and start all."""
        self._all.restart(ids, grace)

    def start_all(self, scales: Mapping[str, int]) -> None:
        """Have compose start the containers that do not run."""
        self._all.start_all(self._with_detached(scales))

    def run_hook(self, container: str, hook: Hook, timeout: float) -> Output:
        """Run a hook of the compose file in a container."""
        return self._all.run_hook(container, hook, timeout)

    def forbid_restart(self, ids: Sequence[str]) -> None:
        """Set their restart policy to `no`."""
        self._all.forbid_restart(ids)

    def stop(self, graces: Mapping[str, float | None]) -> None:
        """Stop containers side by side."""
        self._all.stop(graces)

    def remove(self, ids: Sequence[str], *, volumes: bool) -> None:
        """Remove stopped containers."""
        self._all.remove(ids, volumes=volumes)
        self._detached = {k: one for k, one in self._detached.items() if k not in ids}

    def remove_volumes(self, names: Sequence[str]) -> None:
        """Remove volumes."""
        self._all.remove_volumes(names)

    def rename(self, container: str, name: str) -> None:
        """Rename a container."""
        self._all.rename(container, name)

    def tag(self, image: str, reference: str) -> None:
        """Make `reference` name this image ID."""
        self._all.tag(image, reference)

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """Return the last lines that a container has logged."""
        return self._all.logs(container, lines)

    def _with_detached(self, scales: Mapping[str, int]) -> Mapping[str, int]:
        services = (one.replica.service for one in self._detached.values())
        more = [service for service in services if service not in self._single]
        return {service: scale + more.count(service) for service, scale in scales.items()}
