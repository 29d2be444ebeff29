"""What cannot run twice is updated with a gap that was asked for, and undone where it is broken."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.bed import images
from tests.e2e.harness import recipe
from tests.e2e.harness.docker import docker
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import CALM, ended_with, untouched
from tests.load import Load, Mix, Window

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

STOP_FIRST = ("--order", "stop-first")
NOT_FOR_LONG = ("--ready-timeout", "8s", "--ready-path", "/healthz")
"""Time enough for a bad answer on a machine that has much else to do."""

UNTIL_IT_ENDS = ("--settle", "30s")
"""For what is to end by itself, however late it comes to that."""

SHORT = Mix(**{**CALM.to_json(), "half_post": 0})
ROUNDED = 0.05
FROZEN_FOR = 60
"""Seconds that compose waits for a program that does not hear it."""

LONGEST_GAP = 12.0
"""Seconds on a busy machine: the old one stops, the new one starts and is proven, nginx reloads."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An app with a container_name, and a store that shares a volume."""
    made = recipe.app("named", replicas=1)
    names = {"NAME": f"e2e-named-{uuid.uuid4().hex[:8]}", "STORE": images.APPS["plain"].ref}
    made = replace(made, variables={**made.variables, **names})
    with running(made, tmp_path_factory.mktemp("stop-first")) as stack:
        ended_with(stack.update(*STOP_FIRST, "app"), 0)
        yield stack


def test_a_store_is_refused_with_stop_first_as_advice(stack: Stack) -> None:
    stack.set(EDITION="refused")
    with untouched(stack):
        done = stack.update("--pull", "never", "store")
    ended_with(done, 3, "writes to volume store", "--order stop-first", "nothing was touched")


def test_a_store_is_replaced_with_stop_first_and_nothing_else_is(stack: Stack) -> None:
    stack.set(EDITION="store-2")
    (old,), others = stack.containers("store"), stack.containers("app", "gateway")
    done = stack.update("--pull", "never", *STOP_FIRST, "store")
    ended_with(done, 0, "GAP")
    (new,) = stack.containers("store")
    assert new.id != old.id
    assert new.state == "running"
    assert stack.containers("app", "gateway") == others


def test_a_broken_store_is_taken_back(stack: Stack) -> None:
    stack.set(EDITION="store-3", BROKEN="exits-at-once")
    ids = [c.id for c in stack.containers("store")]
    done = stack.update("--pull", "never", *STOP_FIRST, *UNTIL_IT_ENDS, "store")
    stack.set(BROKEN="")
    ended_with(done, 1, "exited with code 3", "what served before was stopped in the meantime")
    assert [(c.id, c.state) for c in stack.containers("store")] == [(ids[0], "running")]


def test_the_gap_of_stop_first_is_shown_in_the_plan_and_short(stack: Stack) -> None:
    stack.set(EDITION="app-2")
    with under_gap(stack) as load:
        done = stack.update(*STOP_FIRST, "app")
    ended_with(done, 0, "GAP: app does not answer until its new replicas are ready")
    (longest,) = re.findall(r"app did not answer for ([0-9.]+)s at most", str(done))
    assert gap(load) <= float(longest) + ROUNDED < LONGEST_GAP


def test_a_broken_image_in_a_gap_is_taken_back_and_the_old_one_answers_again(
    stack: Stack,
) -> None:
    (old,) = stack.containers("app")
    stack.push("2", BROKEN="answers-500")
    with under_gap(stack) as load:
        done = stack.update(*STOP_FIRST, *NOT_FOR_LONG, "app")
    ended_with(done, 1, "answered 500", "what served before was stopped in the meantime")
    (back,) = stack.containers("app")
    assert (back.image, back.state) == (old.image, "running")
    assert gap(load) < 2 * LONGEST_GAP


def test_what_compose_was_killed_over_and_somebody_started_again_is_cleared_away(
    stack: Stack,
) -> None:
    """Compose itself refuses to speak of two containers where the file gives one name."""
    ended_with(stack.update("--pull", "never", *STOP_FIRST, "app"), 0)  # other tests edit the file
    left = killed_while_it_recreates(stack)
    stack.compose("start", "app")
    assert [c.state for c in stack.containers("app")] == ["running"] * 2
    ended_with(stack.composeroll("status", *stack.selection), 0, left)
    ended_with(stack.update("--pull", "never", *STOP_FIRST, "app"), 0, left)
    (one,) = stack.containers("app")
    assert (one.name, one.state) == (stack.recipe.variables["NAME"], "running")


def killed_while_it_recreates(stack: Stack) -> str:
    """The name under which compose left its half-made container.

    The old one is frozen, so that it takes its whole grace period to stop: until then it is there.
    """
    (old,) = stack.containers("app")
    docker("kill", "--signal", "STOP", old.id)
    up = ("up", "--detach", "--force-recreate", "--timeout", str(FROZEN_FOR), "app")
    argv = ["docker", "compose", *stack.selection, *up]
    with subprocess.Popen(argv, cwd=stack.directory, start_new_session=True) as compose:
        while len(stack.containers("app")) == 1:  # the next look is a process of its own
            assert compose.poll() is None
        os.killpg(compose.pid, signal.SIGKILL)
    docker("stop", "--time", "0", old.id)  # compose may not have come to that
    return next(c.name for c in stack.containers("app") if c.id != old.id)


@contextmanager
def under_gap(stack: Stack) -> Iterator[Load]:
    """A load that may fail for a while, but not at the end; it is not counted."""
    with Load(stack.url, SHORT) as load:
        load.after_seconds(1.0)
        yield load
        load.mark("ended")
        load.after_seconds(1.5)
    after = Window(begin=load.result().at("ended"))
    assert not load.result().failures(after)


def gap(load: Load) -> float:
    """Seconds for which nothing answered for certain.

    From the first failure, and not from when that request was due: it may have been late, or have
    waited for its turn while all was well.
    """
    failed = [row for row in load.result().samples.rows() if row.outcome]
    first = min((row.start + row.seconds for row in failed), default=0.0)
    return max(0.0, max((row.start for row in failed), default=0.0) - first)
