"""The engine or the registry is lost in the middle of an update; two updates meet."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import claims, recipe
from tests.e2e.harness.holding import half_sent
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import brief_load, ended_with, nobody_notices, update
from tests.e2e.harness.wire import wire

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas."""
    with running(recipe.app("breakable"), tmp_path_factory.mktemp("engine")) as stack:
        ended_with(stack.update("app"), 0)
        yield stack


@pytest.mark.parametrize("step", ["create", "await", "drain"])
def test_an_engine_that_is_lost_changes_nothing_and_the_same_command_finishes(
    stack: Stack, step: str
) -> None:
    stack.set(EDITION=step)
    before = claims.Before.of(stack)
    with tempfile.TemporaryDirectory() as folder, brief_load(stack) as load:
        # a path of its own: a socket's may have 107 characters
        with wire(Path(folder)) as line, update(stack, "app", env=line.environment) as run:
            with half_sent(stack.url, "/post"):  # the drain is not over before this
                run.step(step)
                line.cut()
            lost = run.end()
        again = stack.update("app")
    assert lost.code in (1, 5), str(lost)
    ended_with(lost, lost.code, "engine", "run the same command again")
    ended_with(again, 0)
    claims.nothing_was_lost(load.result())
    claims.all_are_new(stack, "app", before.containers, 2)
    is_tidy(stack, ("app",), before)


def test_docker_rollout_ran_two_at_once_the_second_is_told_who_holds_the_lock(stack: Stack) -> None:
    stack.set(EDITION="two-at-once", BROKEN="never-listens")
    soon = ("--ready-timeout", "2s")
    with nobody_notices(stack), update(stack, *soon, "app", pause="await") as run:
        run.step("await")
        second = stack.update("app")
        run.go_on()
        first = run.end()
    stack.set(BROKEN="")
    ended_with(second, 4, "nothing was touched", stack.advised("composeroll", "lock release app"))
    assert re.search(r"pid \d+", second.stderr)
    ended_with(first, 1, "what served before keeps serving")
