"""Long connections: whose they are decides whether a rollout waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.bed import state
from tests.e2e.conftest import Start
from tests.e2e.harness import claims, recipe
from tests.e2e.harness.events import read_events, steps
from tests.e2e.harness.holding import half_sent, held_websocket
from tests.e2e.harness.rolling import WITH_WEBSOCKETS, is_tidy, roll, under_load
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Done, Stack

pytestmark = pytest.mark.e2e

GOES_ON = "1 connection to other services left to the old nginx worker"
HELD = 10.0
"""Seconds from the drain's beginning: longer than it would last but for what is held."""

DRAINS_WITHIN = 120
"""Seconds of drain at most: it would last that long if a websocket were waited for too."""

GOING_AWAY = 1001
"""RFC 6455, section 7.4.1: the server goes down."""


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The staging stack, whose nginx has php-fpm and websockets behind one port."""
    with running(recipe.staging(), tmp_path_factory.mktemp("long")) as stack:
        yield stack


def test_a_half_sent_request_is_waited_for_and_another_services_websocket_is_not(
    staging: Stack, tmp_path: Path
) -> None:
    """Nothing of that request is at a replica yet, so that no count of connections finds it."""
    before = {c.id for c in staging.containers("php-fpm")}
    events, over = tmp_path / "events", threading.Event()

    def finish_late() -> tuple[bool, bytes]:
        def there_or_over() -> bool:
            post.go_on()
            return over.is_set() or drains(events)

        state.await_state("The drain", there_or_over, DRAINS_WITHIN)
        over.wait(HELD)
        there = before <= {c.id for c in staging.containers("php-fpm")}
        return there, post.finish()

    with (
        held_websocket(staging.url, "/ws") as websocket,
        half_sent(staging.url, "/") as post,
        ThreadPoolExecutor(1) as pool,
    ):
        assert websocket.echoes("before")
        finished = pool.submit(finish_late)
        try:
            flags = ("--drain-timeout", f"{DRAINS_WITHIN}s", "--events", str(events))
            done = roll(staging, "php-fpm", flags=flags)
        finally:
            over.set()
        assert finished.result() == (True, b"HTTP/1.1 200 OK")
        assert HELD < drained(events) < DRAINS_WITHIN
        assert GOES_ON in done.stderr, str(done)
        assert websocket.echoes("after")


def drains(events: Path) -> bool:
    """Whether the drain has begun."""
    return any(step.startswith("drain") for step in steps(events))


def drained(events: Path) -> float:
    """How many seconds the drain lasted."""
    ends = (event for event in read_events(events) if event["event"] == "step_ended")
    return next(float(event["seconds"]) for event in ends if event["step"].startswith("drain"))


def test_long_connections_that_are_to_be_cut_end_with_the_apps_own_goodbye(start: Start) -> None:
    stack = start(recipe.app())
    cut = ("--drain-timeout", "5m", "--drain-long-connections", "cut", "--drain-long-after", "4s")
    with held_websocket(stack.url, "/ws") as websocket:
        assert websocket.echoes("before")
        began = time.monotonic()
        done = roll(stack, "app", mix=WITH_WEBSOCKETS, flags=cut)
        assert time.monotonic() - began < 150
        assert "open for 4s cut" in done.stderr, str(done)
        assert websocket.close_code() == GOING_AWAY


def test_a_detached_drain_outlives_rollouts_and_sync_ends_it(start: Start) -> None:
    stack = start(recipe.app())
    before = claims.Before.of(stack)
    old = {c.id for c in stack.containers("app")}
    with held_websocket(stack.url, "/ws") as websocket, under_load(stack) as load:
        for version in ("2", "3"):
            stack.push(version, "app")
            done = stack.update("--detach-drain", "--drain-timeout", "12h", "app")
            assert done.code == 0, str(done)
        assert old <= {c.id for c in stack.containers("app") if c.state == "running"}
        shown = stack.composeroll("status", *stack.selection, "app")
        assert "has been draining for" in shown.stdout, str(shown)
        still(stack.composeroll("sync", *stack.selection, "app"))
        assert websocket.echoes("after two rollouts and a sync")
    until_nobody_drains(stack)
    claims.nothing_was_lost(load.result())
    claims.all_are_new(stack, "app", before.containers, 2)
    is_tidy(stack, ("app",), before)


def still(done: Done) -> None:
    """It found nothing to do."""
    assert (done.code, "up to date   app (" in done.stderr) == (0, True), str(done)


def until_nobody_drains(stack: Stack) -> None:
    """Sync as `sync --watch` would."""

    def synced() -> bool:
        done = stack.composeroll("sync", *stack.selection, "app")
        assert done.code == 0, str(done)
        return not any(".draining." in c.name for c in stack.containers("app"))

    state.await_state(f"{stack.project} without what drained", synced, 60)
