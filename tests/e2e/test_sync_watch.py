"""`sync --watch` beside restarts and rollouts."""

from __future__ import annotations

import subprocess
from functools import partial

import pytest

from composeroll.rollout.sync.watch import QUIET, RETRY
from tests.bed import state
from tests.e2e.conftest import Start
from tests.e2e.harness import claims, docker, recipe
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import brief_load, ended_with
from tests.e2e.harness.watching import names_exactly, watching

pytestmark = pytest.mark.e2e

MENDED_WITHIN = 60.0

MENDS = "repair the upstreams of app"

STAYS = RETRY + QUIET + 3.0
"""Seconds after a rollout: one who would fight it has looked again by then, and acted."""


def test_it_mends_new_addresses_says_so_and_ends_on_sigterm(start: Start) -> None:
    stack = start(recipe.app())
    ended_with(stack.update("app"), 0)
    one, two = (c.id for c in stack.containers("app"))
    with watching(stack, "app") as watch:
        docker.docker("stop", "--time", "1", one, two)
        squatter = ("--name", f"{stack.project}-squatter", "--network", f"{stack.project}_default")
        docker.docker("run", "--detach", *squatter, stack.reference("app"))
        docker.docker("start", one, two)
        watch.until("point upstream app at the ready replicas of app")
        right = partial(watch.rests_at, partial(names_exactly, stack, "app"))
        state.await_state("A mended upstream", right, MENDED_WITHIN, watch.said)
        with brief_load(stack) as load:
            pass
        assert watch.end() == 0, watch.said
    claims.nothing_was_lost(load.result())
    assert "Traceback" not in watch.said
    assert "watch ended" in watch.said.splitlines()[-1]


def test_it_never_fights_a_rollout(start: Start) -> None:
    stack = start(recipe.app("breakable"))
    until_all_pass_their_check(stack)  # one mend is enough then
    with watching(stack, "app") as watch:
        watch.until(MENDS)  # the include that nginx starts with names no replica
        right = partial(watch.rests_at, partial(names_exactly, stack, "app"))
        state.await_state("A mended upstream", right, MENDED_WITHIN, watch.said)
        before = claims.Before.of(stack)
        stack.set(EDITION="2")
        with brief_load(stack) as load:
            done = stack.update("app")
            load.after_seconds(STAYS)
        assert watch.end() == 0, watch.said
    ended_with(done, 0)
    claims.nothing_was_lost(load.result())
    claims.all_are_new(stack, "app", before.containers, 2)
    is_tidy(stack, ("app",), before)
    assert watch.said.count(MENDS) == 1, watch.said


def until_all_pass_their_check(stack: Stack) -> None:
    """Wait for every replica: a stack answers as soon as one of them does."""
    for replica in stack.containers("app"):
        passes = partial(passes_its_check, replica.id)
        state.await_state(f"{replica.name} itself", passes, MENDED_WITHIN)


def passes_its_check(container: str) -> bool:
    argv = ["docker", "exec", container, "python3", "/srv/check.py"]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0
