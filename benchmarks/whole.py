"""A whole update against the floor, in turns under the same load."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import replace

from benchmarks.clock import FLOOR, Run, composeroll, run
from benchmarks.figure import Figure, spread
from benchmarks.stack import Stack, stack
from tests.load import Load, Mix

TARGETS: Mapping[int, float | None] = {2: 1.2, 10: 1.3}
"""The greatest ratio that is wanted, by number of replicas."""

ROUNDS = 7
MOMENTS = 12
"""Where clients have slow requests, how long these are waited for depends on when a rollout begins:
both are begun at so many moments, evenly spread over the time that such a request takes."""

LIGHT = Mix(keepalive=4, fresh=1, post=0, half_post=0, slow=0, idle=0, websocket=0, rate=60)
"""Nothing to wait for: what is compared is bare work, composeroll's own start and checks to it."""

SLOW = 3
"""Seconds that a slow request takes."""

FULL = replace(
    LIGHT, post=1, half_post=1, slow=2, idle=2, slow_path=f"/slow?s={SLOW}", idle_pause=1.0
)
"""Every kind of client but websockets, which the floor would wait for in vain."""

LOADS: Mapping[str, tuple[Mix, Mapping[int, float | None]]] = {
    "full mix": (FULL, TARGETS),
    "light": (LIGHT, dict.fromkeys(TARGETS)),
}


def whole() -> Iterator[Figure]:
    """Whole updates of 2 and of 10 replicas, under all kinds of clients and under a light load."""
    for name, (mix, targets) in LOADS.items():
        for replicas, target in targets.items():
            yield from _compared(replicas, target, name, mix)


def _compared(replicas: int, target: float | None, name: str, mix: Mix) -> Iterator[Figure]:
    with stack(replicas) as ours:
        composeroll("update", "-q", "-f", str(ours.file), "app")
        pairs = list(_pairs(ours, mix))
    updates, floors = ([one.seconds for one in side] for side in zip(*pairs, strict=True))
    usual = statistics.fmean if mix.slow else statistics.median
    ratio = usual(updates) / usual(floors)
    detail = f"update {spread(updates)}, floor {spread(floors)}, {len(updates)} pairs in turns"
    yield Figure(f"update / floor, {replicas} replicas, {name}", ratio, "x", target, detail)
    peak = max(update.peak for update, _ in pairs)
    yield Figure(f"peak memory, {replicas} replicas, {name}", peak, "MB", 80)


def _pairs(ours: Stack, mix: Mix) -> Iterator[tuple[Run, Run]]:
    moments = [SLOW * part / MOMENTS for part in range(MOMENTS)] if mix.slow else [None] * ROUNDS
    with Load(ours.url, mix, limit=900) as load:
        for moment in moments:
            ours.move()
            _await(moment, load)
            update = composeroll("update", "-f", str(ours.file), "app")
            ours.is_updated()
            ours.move()
            _await(moment, load)
            floor = run([*FLOOR, ours.project, ours.image])
            ours.is_updated()
            yield update, floor
    failures = load.result().failures()
    assert not failures, f"the rollouts lost requests: {failures}"


def _await(moment: float | None, load: Load) -> None:
    """Let the load run on for a while; to a moment of its slow requests, where it has any.

    Their clients ask again at once, so they begin every `SLOW` seconds, whatever is rolled out.
    """
    steady = 0.5
    if moment is None:
        load.after_seconds(steady)
    else:
        now = load.snapshot().seconds
        load.after_seconds(steady + (moment - now - steady) % SLOW)
