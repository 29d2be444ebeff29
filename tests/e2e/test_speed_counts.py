"""What of composeroll's speed can be counted: processes, and waits that must not be waited.

What has to be timed stands in `benchmarks/`, as ratios.
"""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest

from tests.bed import images, state
from tests.e2e.conftest import Start
from tests.e2e.harness import recipe
from tests.e2e.harness.counting import Counted, counter
from tests.e2e.harness.docker import docker
from tests.e2e.harness.stack import Stack

pytestmark = pytest.mark.e2e

UPDATE, NOTHING, GROWTH = 10, 6, 2
"""Processes at most: an update of 2, one with nothing to do, and what 20 replicas may add."""

READY = {"COMPOSEROLL_READY_PATH": "/healthz"}


def counted_update(stack: Stack, directory: Path, *, wrapped: bool) -> Counted:
    count = counter(directory, wrapped=wrapped)
    with count.counting() as counted:
        done = stack.composeroll(
            "update", *stack.selection, "app", env={**count.environment, **READY}
        )
    assert done.code == 0, str(done)
    assert bool(counted.docker) == wrapped, "docker is counted where it is wrapped, and only there"
    assert counted.compose
    return counted


@pytest.mark.parametrize("wrapped", [True, False], ids=["docker is a wrapper", "docker itself"])
def test_an_update_starts_few_processes_and_one_with_nothing_to_do_fewer(
    start: Start, tmp_path: Path, *, wrapped: bool
) -> None:
    stack = start(recipe.app(kind="plain"))
    stack.push("2")
    counted = counted_update(stack, tmp_path / "count", wrapped=wrapped)
    assert len(counted.compose) <= UPDATE, counted.compose
    assert len(counted.docker) <= UPDATE, counted.docker
    counted = counted_update(stack, tmp_path / "count", wrapped=wrapped)
    assert len(counted.compose) <= NOTHING, counted.compose
    assert len(counted.docker) <= NOTHING, counted.docker


def test_twenty_replicas_take_hardly_more_processes_than_two(start: Start, tmp_path: Path) -> None:
    stack = start(recipe.app(kind="plain"))
    stack.push("2")
    two = counted_update(stack, tmp_path / "two", wrapped=True)
    stack.set(REPLICAS="20")
    stack.compose("up", "--detach", "--no-recreate", "--no-deps", "app")
    stack.push("3")
    twenty = counted_update(stack, tmp_path / "twenty", wrapped=True)
    assert len(stack.containers("app")) == 20
    assert len(twenty.compose) <= len(two.compose) + GROWTH
    assert len(twenty.docker) <= len(two.docker) + GROWTH


def test_a_healthcheck_every_30_s_delays_by_less_than_2_s_beyond_the_apps_own_start(
    start: Start,
) -> None:
    stack = start(recipe.app(kind="checked", replicas=1))
    stack.push("2")
    own = [seconds_to_pass(images.APPS["plain"].ref)]
    done = stack.update("--json", "app")
    own.append(seconds_to_pass(images.APPS["plain"].ref))  # machines are faster and slower by turns
    assert done.code == 0, str(done)
    events = map(json.loads, done.stdout.splitlines())
    ready = [event for event in events if event["event"] == "replica_ready"]
    assert "healthcheck" in ready[0]["how"]
    assert ready[0]["seconds"] < max(own) + 2


def seconds_to_pass(image: str) -> float:
    """How long an image of the app takes from its start until it passes its check.

    That is asked once, as soon as the port accepts.
    """
    container = docker("create", image)
    try:
        docker("start", container)
        began = time.monotonic()
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        address = docker("inspect", "--format", form, container)
        state.await_state(f"{image} at {address}", lambda: accepts(address), 30)
        docker("exec", container, "python3", "/srv/check.py")
        return time.monotonic() - began
    finally:
        docker("rm", "--force", container)


def accepts(address: str) -> bool:
    try:
        socket.create_connection((address, 8000), 1).close()
    except OSError:
        return False
    return True
