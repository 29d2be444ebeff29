"""A signal ends an update: what was begun is taken back, and no request notices."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import pytest

from tests.bed import state
from tests.e2e.conftest import Start
from tests.e2e.harness import claims, recipe
from tests.e2e.harness.holding import half_sent
from tests.e2e.harness.rolling import is_tidy
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.terminal import Terminal, terminal
from tests.e2e.harness.trouble import (
    CALM,
    LONG,
    Running,
    brief_load,
    ended_with,
    nobody_notices,
    update,
)

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

SERVES = "what served before keeps serving"
CTRL_C = b"\x03"
NEVER_READY = ("--ready-path", "/healthz", "--ready-status", "299")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas that are outdated by the next edition."""
    with running(recipe.app("breakable"), tmp_path_factory.mktemp("signals")) as stack:
        ended_with(stack.update("app"), 0)
        stack.set(EDITION="2")
        yield stack


def creating(run: Running) -> None:
    """Until compose is told to create containers."""
    run.step("create")


def starting(run: Running) -> None:
    """Until the new containers are started."""
    run.step("start")


def probing(run: Running) -> None:
    """Until a new replica was asked."""
    run.until(event="probed")


def switching(run: Running) -> None:
    """Until the gateway is about to be written."""
    run.step("point")


def draining(run: Running) -> None:
    """Until the old replicas get no more requests."""
    run.step("drain")


@pytest.mark.parametrize(
    ("phase", "number", "code"),
    [
        (creating, signal.SIGINT, 130),
        (starting, signal.SIGHUP, 129),
        (probing, signal.SIGTERM, 143),
        (switching, signal.SIGINT, 130),
        (draining, signal.SIGTERM, 143),
    ],
)
def test_kamal_450_a_signal_before_the_line_takes_everything_back(
    stack: Stack, phase: Callable[[Running], None], number: int, code: int
) -> None:
    mix = LONG if phase is draining else CALM
    with nobody_notices(stack, mix), update(stack, "app") as run:
        with half_sent(stack.url, "/post"):  # the drain, and with it the line, is not before this
            phase(run)
            run.signal(number)
        done = run.end()
    ended_with(done, code, signal.Signals(number).name, SERVES)


def test_a_signal_while_pulling_touches_nothing(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, nobody_notices(stack):
        silent_registry = {"REGISTRY": f"127.0.0.1:{silent.getsockname()[1]}/e2e"}
        with update(stack, "app", env=silent_registry) as run:
            run.until(event="phase_started", phase="pull")
            asked, _ = silent.accept()
            with asked:
                run.signal(signal.SIGTERM)
                done = run.end()
    ended_with(done, 143, "SIGTERM", "no container was touched")


def test_signals_that_keep_coming_change_nothing(stack: Stack) -> None:
    with nobody_notices(stack), update(stack, "app") as run:
        with half_sent(stack.url, "/post"):
            run.step("await")
            for _ in range(20):
                run.signal(signal.SIGINT)
                run.signal(signal.SIGTERM)
        done = run.end()
    assert done.code in (130, 143), str(done)
    ended_with(done, done.code, SERVES)


def test_a_signal_past_the_line_says_how_to_finish_and_that_finishes(start: Start) -> None:
    made = recipe.app("breakable")
    # python does not hear of SIGWINCH: the old replicas take their whole grace period to stop
    stack = start(replace(made, variables={**made.variables, "STOP_SIGNAL": "SIGWINCH"}))
    ended_with(stack.update("app"), 0)
    before = claims.Before.of(stack)
    stack.set(EDITION="2")
    with brief_load(stack) as load:
        with update(stack, "app") as run:
            run.step("retire")
            run.signal(signal.SIGINT)
            done = run.end()
        again = stack.update("app")
    ended_with(done, 5, "traffic is on the new replicas", "run the same command again")
    ended_with(again, 0)
    claims.nothing_was_lost(load.result())
    claims.all_are_new(stack, "app", before.containers, 2)
    is_tidy(stack, ("app",), before)


@pytest.mark.parametrize("phase", ["creating", "probing"])
def test_ctrl_c_in_a_terminal_takes_everything_back(stack: Stack, phase: str) -> None:
    """The whole foreground group gets it, docker and compose too."""
    with nobody_notices(stack), terminal(stack, *NEVER_READY, "app") as run:
        await_new(stack, run, {"created", "running"} if phase == "creating" else {"running"})
        run.press(CTRL_C)
        code = run.end()
    assert code == 130, run.text
    assert SERVES in plain(run.text), plain(run.text)
    assert "Traceback" not in run.text


def test_a_closed_terminal_takes_everything_back(stack: Stack) -> None:
    """As a lost ssh connection does; from then on every write to the terminal fails."""
    with nobody_notices(stack), terminal(stack, *NEVER_READY, "app") as run:
        await_new(stack, run)
        run.close()
        code = run.end()
    assert code == 129


def await_new(stack: Stack, run: Terminal, states: Collection[str] = ("running",)) -> None:
    """Wait until there are new replicas beside the old ones, all in one of these states."""

    def all_there() -> bool:
        run.take()
        found = [c.state for c in stack.containers("app")]
        return len(found) == 4 and set(found) <= set(states)

    state.await_state("The new replicas", all_there, 60.0)


def plain(screen: str) -> str:
    """A screen's text without escapes and line breaks of a narrow window."""
    return " ".join(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen).split())
