"""One load in the running event loop: all clients of a mix, until they are told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from enum import StrEnum

from tests.load.client import Client, Pacing, Surroundings
from tests.load.echo import EchoClient
from tests.load.mix import PACED, Mix
from tests.load.outcome import Kind
from tests.load.pace import Pace, Pause, Stop
from tests.load.recorder import Recorder, clock
from tests.load.result import Result
from tests.load.snapshot import Observer, Snapshot
from tests.load.target import Target

TICK = 0.2
"""Seconds between two snapshots."""
HARD_LIMIT = 3600.0
"""Seconds after which any load ends, whatever was asked for."""


class Ending(StrEnum):
    """Why a load ended."""

    STOPPED = "stopped"
    LIMIT = "limit"
    COUNT = "count"


async def run_load(
    target: Target,
    mix: Mix,
    stop: Stop,
    limit: float,
    watch: Callable[[Snapshot], None] | None = None,
) -> tuple[Result, Ending]:
    """Run until `stop` is set, `limit` seconds are over, or all clients did `mix.each` requests.

    Requests under way at the end are seen to their own end, so that none is lost unseen: that
    takes up to the mix's timeouts longer. `watch` gets a snapshot every TICK.
    A client that raises takes the whole load down with it: an instrument with a hole is none.
    """
    recorder = Recorder()
    around = Surroundings(target, mix, recorder, stop)
    limits: list[Ending] = []

    def give_up() -> None:
        if not stop.over:
            limits.append(Ending.LIMIT)
            stop.set()

    timer = asyncio.get_running_loop().call_later(min(limit, HARD_LIMIT), give_up)
    ticker = asyncio.create_task(_tick(recorder, watch))
    try:
        async with asyncio.TaskGroup() as group:
            for client in _clients(around):
                group.create_task(client.run())
        ending = limits[0] if limits else Ending.STOPPED if stop.over else Ending.COUNT
    finally:
        timer.cancel()
        ticker.cancel()
    if ticker.done():
        ticker.result()
    return _result(recorder), ending


def _clients(around: Surroundings) -> Iterator[Client | EchoClient]:
    mix = around.mix
    paced = 0
    for kind, count in mix.clients().items():
        for number in range(count):
            # Clients of a kind start apart, not as a herd.
            share = number / count
            if kind is Kind.WEBSOCKET:
                pause = mix.websocket_pause * share
                yield EchoClient(around, mix.websocket_path or "/", pause)
                continue
            pacing: Pacing = Pause(around.stop, 0.0)
            if kind in PACED and mix.rate:
                pacing = Pace(around.stop, mix.interval(), paced / mix.rate)
                paced += 1
            elif kind is Kind.IDLE:
                pacing = Pause(around.stop, mix.idle_pause, mix.idle_pause * share)
            yield Client(around, kind, number, pacing)


async def _tick(recorder: Recorder, watch: Callable[[Snapshot], None] | None) -> None:
    observer = Observer(recorder)
    due = clock()
    while True:
        due = max(due + TICK, clock())
        await asyncio.sleep(due - clock())
        recorder.lag = max(recorder.lag, clock() - due)
        if watch is not None:
            watch(observer.snapshot())


def _result(recorder: Recorder) -> Result:
    return Result(
        recorder.began,
        clock(),
        recorder.samples,
        tuple(recorder.versions),
        tuple(recorder.examples),
        dict(recorder.events),
        lag=recorder.lag,
    )
