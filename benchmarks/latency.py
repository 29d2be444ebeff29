"""How much slower requests are while a rollout runs, at a rate that leaves a core to spare."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.clock import composeroll
from benchmarks.figure import Figure
from benchmarks.stack import stack
from tests.load import Load, Mix
from tests.load.outcome import Kind
from tests.load.result import Result
from tests.load.samples import Window

ROUNDS = 12
STEADY = 3.0
"""Seconds without a rollout before each; steady and rollout alternate, so noise meets both."""

MIX = Mix(keepalive=6, fresh=2, post=0, half_post=0, slow=0, idle=0, websocket=0, rate=150)


def latency() -> Iterator[Figure]:
    """p99 during rollouts of two replicas, against p99 between them."""
    with stack(2) as ours, Load(ours.url, MIX, limit=600) as load:
        for number in range(ROUNDS):
            load.after_seconds(1)  # the end of the rollout before
            load.mark(f"steady {number}")
            load.after_seconds(STEADY)
            ours.move()
            load.mark(f"began {number}")
            composeroll("update", "-f", str(ours.file), "app")
            load.mark(f"ended {number}")
    result = load.result()
    steady = _pooled(result, "steady", "began")
    during = _pooled(result, "began", "ended")
    detail = (
        f"p99 {_p99(during) * 1000:.1f} ms of {len(during)} against {_p99(steady) * 1000:.1f} ms"
        f" of {len(steady)}; p50 {_rank(during, 50) * 1000:.1f} against"
        f" {_rank(steady, 50) * 1000:.1f} ms"
    )
    yield Figure("p99 during / steady", _p99(during) / _p99(steady), "x", 1.2, detail)
    yield Figure("failed requests", result.failed, "requests", 0)


def _pooled(result: Result, first: str, last: str) -> list[float]:
    """The seconds of the good requests of all windows between these marks, ascending."""
    windows = [Window(result.at(f"{first} {n}"), result.at(f"{last} {n}")) for n in range(ROUNDS)]
    quick = (Kind.KEEPALIVE, Kind.FRESH)
    rows = (row for window in windows for row in result.samples.rows(window))
    return sorted(row.seconds for row in rows if row.kind in quick and not row.outcome)


def _p99(ranked: list[float]) -> float:
    return _rank(ranked, 99)


def _rank(ranked: list[float], percent: int) -> float:
    return ranked[-(-(len(ranked) - 1) * percent // 100)]
