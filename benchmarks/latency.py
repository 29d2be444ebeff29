"""How much slower requests are while a rollout runs, at a rate that leaves a core to spare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.clock import FLOOR, composeroll, run
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
    """p99 during rollouts of two replicas, against p99 between them.

    The floor does the same to the engine and nothing else: what it costs is not composeroll's.
    """
    with stack(2) as ours, Load(ours.url, MIX, limit=600) as load:
        for number in range(ROUNDS):
            _steady(load, number)
            ours.move()
            with _marked(load, "update", number):
                composeroll("update", "-f", str(ours.file), "app")
            ours.is_updated()
            load.after_seconds(1)  # the end of the rollout before
            ours.move()
            with _marked(load, "floor", number):
                run([*FLOOR, ours.project, ours.image])
            ours.is_updated()
    result = load.result()
    steady, update, floor = (_pooled(result, name) for name in ("steady", "update", "floor"))
    yield _figure("p99 during / steady", update, steady, 1.2)
    yield _figure("p99 during the floor / steady", floor, steady, None)
    yield _figure("p99 during / during the floor", update, floor, 1.2)
    yield Figure("failed requests", result.failed, "requests", 0)


def _steady(load: Load, number: int) -> None:
    load.after_seconds(1)  # the end of the rollout before
    with _marked(load, "steady", number):
        load.after_seconds(STEADY)


@contextmanager
def _marked(load: Load, name: str, number: int) -> Iterator[None]:
    load.mark(f"{name} {number}")
    yield
    load.mark(f"{name} {number} ended")


def _figure(name: str, one: list[float], other: list[float], target: float | None) -> Figure:
    detail = (
        f"p99 {_p99(one) * 1000:.1f} ms of {len(one)} against {_p99(other) * 1000:.1f} ms"
        f" of {len(other)}; p50 {_rank(one, 50) * 1000:.1f} against"
        f" {_rank(other, 50) * 1000:.1f} ms"
    )
    return Figure(name, _p99(one) / _p99(other), "x", target, detail)


def _pooled(result: Result, name: str) -> list[float]:
    """The seconds of the good requests of all windows of that name, ascending."""
    marks = [f"{name} {n}" for n in range(ROUNDS)]
    windows = [Window(result.at(mark), result.at(f"{mark} ended")) for mark in marks]
    quick = (Kind.KEEPALIVE, Kind.FRESH)
    rows = (row for window in windows for row in result.samples.rows(window))
    return sorted(row.seconds for row in rows if row.kind in quick and not row.outcome)


def _p99(ranked: list[float]) -> float:
    return _rank(ranked, 99)


def _rank(ranked: list[float], percent: int) -> float:
    return ranked[-(-(len(ranked) - 1) * percent // 100)]
