"""Estimate whether a host has memory for old and new replicas side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from composeroll.model import Finding, Severity
from composeroll.rollout.observing.observed import Observed, ServiceState

MEBI = 1024 * 1024


def memory_findings(observed: Observed, used: Mapping[str, int], left: int) -> tuple[Finding, ...]:
    """Return what may not fit: one service now, one at its limit, or several in one update.

    Args:
        observed: the services; their replicas show what a new one will need.
        used: bytes that running containers use now, by full ID.
        left: bytes that the host can still give.
    """
    needs = [need for state in observed.services if (need := _need(state, used))]
    alone = [finding for need in needs for finding in _of_service(need, left)]
    return (*alone, *_together([need for need in needs if need.now <= left], left))


class Need(Struct, frozen=True):
    """The memory that an update needs beside the current replicas of one service.

    Attributes:
        extra: how many new replicas start at once.
        each: bytes that one of them will use: as many as the largest current replica.
        limit: bytes that one may use at most; None: no limit.
    """

    service: str
    extra: int
    each: int
    limit: int | None

    @property
    def now(self) -> int:
        """Bytes that all new replicas need, by current use."""
        return self.extra * self.each


def _need(state: ServiceState, used: Mapping[str, int]) -> Need | None:
    sizes = [used[r.id] for r in state.replicas if used.get(r.id)]
    if not sizes or state.data_only or state.stops_first:
        return None
    extra = state.service.settings.batch.of(len(sizes))
    return Need(state.name, extra, max(sizes), state.service.memory)


def _of_service(need: Need, left: int) -> Iterator[Finding]:
    if need.now > left:
        yield Finding(
            Severity.WARNING,
            f"{need.extra} more of {need.service} need about {_mebi(need.now)}, and the host has"
            f" {_mebi(left)} left",
            _advice(need, left // need.each),
        )
    elif need.limit and need.extra * need.limit > left:
        yield Finding(
            Severity.NOTE,
            f"{need.extra} more of {need.service} may use {_mebi(need.extra * need.limit)}, as"
            f" their limit allows, and the host has {_mebi(left)} left",
            _advice(need, left // need.limit),
        )


def _together(needs: Sequence[Need], left: int) -> Iterator[Finding]:
    """Add up all services: an update starts the new replicas of all before the first switch."""
    total = sum(need.now for need in needs)
    if total > left:
        yield Finding(
            Severity.NOTE,
            f"one update of {', '.join(need.service for need in needs)} needs about {_mebi(total)},"
            f" and the host has {_mebi(left)} left",
            "update them one after the other",
        )


def _advice(need: Need, fitting: int) -> str:
    if fitting:
        return f"services.{need.service}.x-composeroll.batch: {fitting}, or --batch {fitting}"
    return "not even one fits: free some memory, or accept a gap with --order stop-first"


def _mebi(size: int) -> str:
    return f"{max(0, size) / MEBI:.0f} MiB"
