"""SIGKILL at any moment, then the same command: it converges, and no request notices."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import claims, recipe
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import brief_load, ended_with, update

pytestmark = pytest.mark.e2e

STEPS = ("create", "start", "await", "point", "drain", "retire", "renumber")


@pytest.mark.parametrize("steps", [STEPS[:4], STEPS[4:]])
def test_docker_rollout_25_killed_when_a_step_begins_the_same_command_finishes(
    start: Start, steps: tuple[str, ...]
) -> None:
    stack = start(recipe.app("breakable"))
    ended_with(stack.update("app"), 0)
    for number, step in enumerate(steps):
        killed_and_run_again(stack, step, 0.0, edition=str(number))


def test_killed_twice_at_random_moments_the_same_command_finishes(start: Start) -> None:
    stack = start(recipe.app("breakable"))
    ended_with(stack.update("app"), 0)
    dice = random.Random()  # noqa: S311 - not for secrets: any moment will do
    for number in range(2):
        moments = [(dice.choice(STEPS[:6]), dice.uniform(0.0, 0.4)) for _ in range(2)]
        for step, delay in moments[:-1]:
            kill(stack, step, delay, edition=f"random-{number}")
        step, delay = moments[-1]
        killed_and_run_again(stack, step, delay, edition=f"random-{number}")


def killed_and_run_again(stack: Stack, step: str, delay: float, edition: str) -> None:
    """One update killed `delay` seconds after a step began, and the next one, under load."""
    ran = claims.Before.of(stack)
    count = 2
    with brief_load(stack) as load:
        kill(stack, step, delay, edition)
        done = stack.update("app")
    ended_with(done, 0)
    claims.nothing_was_lost(load.result())
    replicas = stack.containers("app")
    assert [c.state for c in replicas] == ["running"] * count, (step, delay, str(done))
    is_tidy(stack, ("app",), claims.Before(ran.containers, ran.files, ran.tags))


def kill(stack: Stack, step: str, delay: float, edition: str) -> None:
    """Begin an update to an edition and kill it; where it ends before that, it was too fast."""
    stack.set(EDITION=edition)
    with update(stack, "app") as run:
        seen = any(
            event.get("event") == "step_started" and str(event.get("step")).startswith(step)
            for event in run.told()
        )
        time.sleep(delay if seen else 0.0)  # a random moment is what is wanted
        run.signal(signal.SIGKILL)
        run.process.wait()
