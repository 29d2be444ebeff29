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
        killed_and_run_again(stack, (step, 0.0), edition=str(number))


def test_killed_twice_at_random_moments_the_same_command_finishes(start: Start) -> None:
    stack = start(recipe.app("breakable"))
    ended_with(stack.update("app"), 0)
    dice = random.Random()  # noqa: S311 - not for secrets: any moment will do
    for number in range(2):
        moments = [(dice.choice(STEPS[:6]), dice.uniform(0.0, 0.4)) for _ in range(2)]
        print("killed", *(f"{delay:.3f} s after {step} began" for step, delay in moments))
        killed_and_run_again(stack, *moments, edition=f"random-{number}")


def killed_and_run_again(stack: Stack, *moments: tuple[str, float], edition: str) -> None:
    """Updates of a finished stack, each killed so many seconds after a step, and one that finishes.

    The first of them goes through every step. What it leaves may save the next one some.
    """
    ran = claims.Before.of(stack)
    stack.set(EDITION=edition)
    with brief_load(stack) as load:
        for number, (step, delay) in enumerate(moments):
            kill(stack, step, delay, whole=number == 0)
        done = stack.update("app")
    ended_with(done, 0)
    claims.nothing_was_lost(load.result())
    assert [c.state for c in stack.containers("app")] == ["running"] * 2, (moments, str(done))
    is_tidy(stack, ("app",), ran)


def kill(stack: Stack, step: str, delay: float, *, whole: bool) -> None:
    """Begin an update and kill it; where it may leave steps out, it may also end before that."""
    with update(stack, "app", pause=step) as run:
        seen = run.begins(step)
        assert seen or not whole, f"no step {step!r}: {run.end()}"
        if seen and delay:
            run.go_on()
            time.sleep(delay)  # a random moment is what is wanted
        run.signal(signal.SIGKILL)
        code = run.process.wait()
    ends = {-signal.SIGKILL} if seen and not delay else {-signal.SIGKILL, 0}
    assert code in ends, f"it ended with {code}, {delay} s after {step!r}: {run.events}"
