"""Whether a host has the memory for old and new replicas side by side. An estimate; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from composeroll.config.settings import Order
from composeroll.model import Finding, Severity
from composeroll.rollout.observed import Observed, ServiceState

MEBI = 1024 * 1024


def room(observed: Observed, used: Mapping[str, int], left: int) -> tuple[Finding, ...]:
    """A warning for each service that would not fit beside itself.

    Args:
        observed: the services, whose replicas tell what a new one will need.
        used: bytes that running containers use now, by full ID.
        left: bytes that the host can still give.
    """
    return tuple(f for state in observed.services for f in _of_service(state, used, left))


def _of_service(state: ServiceState, used: Mapping[str, int], left: int) -> Iterator[Finding]:
    if state.data_only or state.service.settings.order is Order.STOP_FIRST:
        return
    sizes = [used[r.id] for r in state.replicas if used.get(r.id)]
    extra = state.service.settings.batch.of(len(sizes))
    need = extra * max(sizes, default=0)
    if need > left:
        yield Finding(
            Severity.WARNING,
            f"{extra} more of {state.name} need about {_mebi(need)}, and the host has"
            f" {_mebi(left)} left",
            _mend(state, left // max(sizes)),
        )


def _mend(state: ServiceState, fitting: int) -> str:
    if fitting:
        return f"services.{state.name}.x-composeroll.batch: {fitting}, or --batch {fitting}"
    return "not even one fits: free some memory, or accept a gap with --order stop-first"


def _mebi(size: int) -> str:
    return f"{max(0, size) / MEBI:.0f} MiB"
