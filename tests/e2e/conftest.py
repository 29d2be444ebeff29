"""The end-to-end tests' bed, stacks, artifacts and tally."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from tests.bed import __main__ as bed
from tests.bed import state
from tests.e2e.harness import tally
from tests.e2e.harness.artifacts import keep
from tests.e2e.harness.heeded import heed_signals
from tests.e2e.harness.recipe import Recipe
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack

HERE = Path(__file__).parent
WANTED = 100_000
"""Requests without a failure that a whole run has to make."""

Start = Callable[..., Stack]


@pytest.fixture(scope="session", autouse=True)
def the_bed() -> None:
    """An engine, a registry and every image; what is there already is used."""
    with (state.directory() / "tests.lock").open("w") as lock:
        flock(lock, LOCK_EX)  # one of the workers brings up what is missing, the others wait
        bed.all_images()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start stacks from recipes; they are gone when the test ends."""
    with ExitStack() as stacks:

        def enter(recipe: Recipe, *, without: tuple[str, ...] = ()) -> Stack:
            return stacks.enter_context(running(recipe, tmp_path, without=without))

        yield enter


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what shows why, while the containers still exist."""
    report = yield
    if report.failed:
        keep(item.nodeid)
    return report


def pytest_configure() -> None:
    """Begin to count requests."""
    heed_signals()
    tally.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing of the count behind."""
    if not _is_worker(config):
        tally.end()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A whole run that made too few requests proves too little."""
    if not _is_worker(session.config) and _is_whole(session.config) and _requests() < WANTED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many requests were made, and how many failed."""
    loads = tally.loads()
    if not loads:
        return
    failed = sum(load.failed for load in loads)
    terminalreporter.section("requests under rollouts")
    terminalreporter.line(f"{_requests():,} requests in {len(loads)} loads, {failed:,} failed")
    if _is_whole(config) and _requests() < WANTED:
        terminalreporter.line(f"that is less than the {WANTED:,} that were promised", red=True)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _requests() -> int:
    return sum(load.requests for load in tally.loads())


def _is_whole(config: pytest.Config) -> bool:
    """Whether nothing of these tests was left out."""
    asked = [Path(str(argument)).resolve() for argument in config.args]
    chosen = (config.getoption(name, default=False) for name in ("keyword", "markexpr", "lf"))
    return not any(chosen) and any(path == HERE or path in HERE.parents for path in asked)
