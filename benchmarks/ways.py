"""Failed requests of several ways to update, under one load, with two kinds of app."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

from benchmarks.clock import composeroll, run
from benchmarks.figure import Figure
from benchmarks.stack import AT_ONCE, FINISH, INCLUDE, Stack, stack
from benchmarks.swarm import can_be_had, swarm
from tests.load import Load, Mix, Result

APPS = {FINISH: "ends its requests on SIGTERM", AT_ONCE: "exits at once"}

MIX = Mix(
    keepalive=4, fresh=2, post=2, half_post=1, slow=2, idle=2, slow_path="/slow?s=1", rate=200
)
AFTER = 3.0
"""Seconds of load after an update: its late failures are its own."""
ROUNDS = 3


def by_composeroll(ours: Stack) -> None:
    """`composeroll update`."""
    composeroll("update", "-f", str(ours.file), "app")


def by_compose(ours: Stack) -> None:
    """`docker compose up -d`, which recreates in place."""
    ours.compose("pull", "app")
    ours.compose("up", "--detach", "app")


def by_seed(ours: Stack) -> None:
    """The procedure that the project began with: scale, write, sleep 5, reload, kill."""
    script = Path(__file__).with_name("seed.sh")
    run(["bash", str(script), str(ours.file), ours.project, INCLUDE])


OURS = "composeroll update"
SWARM = "Swarm's start-first"
WAYS: Mapping[str, Callable[[Stack], None]] = {
    OURS: by_composeroll,
    "a script by hand": by_seed,
    "docker compose up -d": by_compose,
}


def ways() -> Iterator[Figure]:
    """Each way with each app; only composeroll has a target, which is none."""
    for stop, words in APPS.items():
        for name, result in chain(_with_compose(stop), _with_swarm(stop)):
            yield _figure(f"failed requests, app {words}: {name}", name, result)


def _with_compose(stop: str) -> Iterator[tuple[str, Result]]:
    with stack(2, stop) as ours:
        by_composeroll(ours)
        for name, way in WAYS.items():
            yield name, _under_load(ours.url, partial(_moved, ours, way))
            by_composeroll(ours)


def _with_swarm(stop: str) -> Iterator[tuple[str, Result]]:
    if can_be_had():
        with swarm(stop) as ours:
            yield SWARM, _under_load(ours.url, ours.update)


def _moved(ours: Stack, way: Callable[[Stack], None]) -> None:
    ours.move()
    way(ours)
    ours.is_updated()


def _under_load(url: str, update: Callable[[], None]) -> Result:
    with Load(url, MIX, limit=600) as load:
        load.after_seconds(1)
        for _ in range(ROUNDS):
            update()
            load.after_seconds(AFTER)
    return load.result()


def _figure(title: str, name: str, result: Result) -> Figure:
    classes = ", ".join(f"{kind.name} {count}" for kind, count in result.failures().items())
    detail = f"of {result.total} in {ROUNDS} updates" + (f": {classes}" if classes else "")
    target = 0.0 if name == OURS else None
    return Figure(title, result.failed, "requests", target, detail)
