"""The order of a rollout over several services."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from composeroll.config.project import Service
from composeroll.errors import UsageError


def in_order(services: Sequence[Service]) -> tuple[Service, ...]:
    """Sort services: those that others depend on or take `volumes_from` first, else as named.

    Raises:
        UsageError: the dependencies form a cycle.
    """
    named = {service.name: service for service in services}
    graph = {s.name: [n for n in _before(s) if n in named] for s in services}
    try:
        return tuple(named[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        circle = " → ".join(cycle.args[1])
        raise UsageError(f"these services wait for each other: {circle}") from None


def _before(service: Service) -> tuple[str, ...]:
    return service.volumes_from + service.depends_on
