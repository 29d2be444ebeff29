"""nginx that is not in the network of its edge comes back before anything is done behind it."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.bed import state
from tests.e2e.harness import claims, docker, recipe
from tests.e2e.harness.running import answers_well, running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import ended_with, update
from tests.e2e.harness.watching import names_exactly, watching

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

JOIN = "cannot join network namespace of a non running container"
"""The engine's words where it comes to nginx before the edge runs, as after a reboot."""

STARTED = "start gateway in the network of its edge"

BACK_WITHIN = 60.0

VERSIONS = itertools.count(2)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas of the app behind an edge, for all tests of this file."""
    with running(recipe.edge(), tmp_path_factory.mktemp("edge")) as stack:
        ended_with(stack.update("app"), 0)
        yield stack


def gives_up(stack: Stack) -> None:
    """Have the engine do what it does in a reboot: begin with nginx, then start the edge."""
    (edge,) = stack.containers("edge")
    ran = [gateway.id for gateway in stack.gateways if gateway.state == "running"]
    docker.docker("stop", "--time", "1", *ran, edge.id)
    for gateway in ran:
        with pytest.raises(AssertionError, match=JOIN):
            docker.docker("start", gateway)
    docker.docker("start", edge.id)


def leaves_behind(stack: Stack) -> None:
    """Restart the edge alone."""
    (edge,) = stack.containers("edge")
    docker.docker("restart", "--time", "1", edge.id)


Lose = Callable[[Stack], None]

LOST = pytest.mark.parametrize(
    ("lose", "words"),
    [(gives_up, "the engine gave it up before edge ran"), (leaves_behind, "is cut off")],
)


def answers(stack: Stack) -> bool:
    """Whether clients reach the app through the edge."""
    return answers_well(stack.url)


@LOST
def test_sync_brings_it_back(stack: Stack, lose: Lose, words: str) -> None:
    lose(stack)
    assert not answers(stack)
    refused = stack.composeroll("plan", *stack.selection, "app")
    ended_with(refused, 3, words)
    assert words in str(stack.composeroll("status", *stack.selection))
    assert not answers(stack)
    (advised,) = re.findall("`(composeroll [^`]*)`", str(refused))
    ended_with(stack.composeroll(*shlex.split(advised)[1:]), 0, STARTED)
    assert answers(stack)
    claims.the_include_names_exactly_the_replicas(stack, "app")
    ended_with(stack.composeroll("sync", *stack.selection), 0, "up to date")


@LOST
def test_so_does_an_update_before_all_else(stack: Stack, lose: Lose, words: str) -> None:
    del words
    lose(stack)
    assert not answers(stack)
    before = claims.Before.of(stack)
    stack.push(str(next(VERSIONS)))
    ended_with(stack.update("app"), 0, STARTED)
    assert answers(stack)
    claims.all_are_new(stack, "app", before.containers, 2)
    claims.the_include_names_exactly_the_replicas(stack, "app")


@pytest.mark.parametrize("step", ["prove", "quit"])
def test_a_replacement_that_a_reboot_ends_is_finished_by_the_same_command(
    stack: Stack, step: str
) -> None:
    before = claims.Before.of(stack)
    stack.push(str(next(VERSIONS)), "gateway")
    with update(stack, "gateway", pause=step) as run:
        run.step(step)
        run.process.kill()
        run.process.wait()
    gives_up(stack)
    ended_with(stack.update("gateway"), 0)
    assert answers(stack)
    claims.all_are_new(stack, "gateway", before.containers, 1)
    claims.names_count_from_one(stack, "gateway")
    ended_with(stack.composeroll("sync", *stack.selection), 0)
    claims.the_include_names_exactly_the_replicas(stack, "app")
    claims.nothing_is_left_over(stack, before)


@LOST
def test_a_watch_brings_it_back_by_itself(stack: Stack, lose: Lose, words: str) -> None:
    one, _ = stack.containers("app")
    docker.docker("stop", "--time", "1", one.id)
    with watching(stack) as watch:
        right = partial(watch.rests_at, partial(names_exactly, stack, "app"))
        state.await_state("The other one alone", right, BACK_WITHIN, watch.said)
        docker.docker("start", one.id)
        state.await_state("Both, by the engine's events", right, BACK_WITHIN, watch.said)
        lose(stack)
        state.await_state("An answer", lambda: answers(stack), BACK_WITHIN, watch.said)
        state.await_state("Both behind it", right, BACK_WITHIN, watch.said)
        assert watch.end() == 0, watch.said
    claims.the_include_names_exactly_the_replicas(stack, "app")
    assert words not in str(stack.composeroll("status", *stack.selection))


def test_one_whose_edge_was_made_anew_is_composes_to_mend(stack: Stack) -> None:
    stack.compose("up", "--detach", "--no-deps", "--force-recreate", "edge")
    helps = stack.advised("docker compose", "up -d --no-deps gateway")
    for words in (("sync",), ("update",), ("plan",)):
        done = stack.composeroll(*words, *stack.selection, "app")
        ended_with(done, 3, "gateway is cut off: edge was recreated without it", helps)
    stack.compose("up", "--detach", "--no-deps", "gateway")
    state.await_state("An answer", lambda: answers(stack), BACK_WITHIN)
    ended_with(stack.composeroll("sync", *stack.selection), 0)
    claims.the_include_names_exactly_the_replicas(stack, "app")


def test_one_that_somebody_has_stopped_stays_so(stack: Stack) -> None:
    (gateway,) = stack.gateways
    docker.docker("stop", "--time", "1", gateway.id)
    ended_with(stack.composeroll("sync", *stack.selection), 3, "no nginx runs in gateway")
    assert stack.gateways[0].state == "exited"
    docker.docker("start", gateway.id)
    state.await_state("An answer", lambda: answers(stack), BACK_WITHIN)


def test_an_engine_that_gives_it_up_is_told_by_check(stack: Stack) -> None:
    output = str(stack.composeroll("check", *stack.selection))
    version = docker.docker("version", "--format", "{{.Server.Version}}").strip()
    assert (f"this engine ({version})" in output) is (int(version.partition(".")[0]) < 29), output
