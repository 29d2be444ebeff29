"""Back to what served before, more or fewer replicas, a mended upstream: nobody notices."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import claims, docker, recipe
from tests.e2e.harness.rolling import under_load
from tests.e2e.harness.stack import Done, Stack

pytestmark = pytest.mark.e2e


def verb(stack: Stack, name: str, *words: str) -> Done:
    """A verb on a stack, which has to end with 0."""
    done = stack.composeroll(name, *stack.selection, *words)
    assert done.code == 0, str(done)
    return done


def pulls(done: Done) -> bool:
    """Whether the registry was asked, as the run's own events tell it."""
    return any(json.loads(line)["event"] == "pulled" for line in done.stdout.splitlines())


def count(stack: Stack) -> int:
    """How many replicas of the app there are, in any state."""
    return len(stack.containers("app"))


def test_a_rollback_needs_no_registry_and_stays_until_the_tag_moves(start: Start) -> None:
    stack = start(recipe.app())
    with under_load(stack) as load:
        stack.push("2")
        assert pulls(verb(stack, "update", "--json", "app"))
        assert not pulls(verb(stack, "rollback", "--json", "app"))
        assert "still has the version that was rolled back" in verb(stack, "update", "app").stderr
        claims.compose_has_nothing_to_do(stack, "app")
        history = verb(stack, "history", "app").stdout
        stack.push("3")
        verb(stack, "update", "app")
    claims.nothing_was_lost(load.result())
    assert [line.split()[2] for line in history.splitlines()[1:]] == ["1", "2", "3"]
    seen = load.result().versions()
    assert set(seen) == {"1", "2", "3"}
    assert seen["3"].last > seen["1"].last > seen["2"].last


def test_docker_rollout_45_scaling_up_and_down_loses_nothing(start: Start) -> None:
    stack = start(recipe.app())
    with under_load(stack) as load:
        verb(stack, "scale", "app=3")
        assert count(stack) == 3
        verb(stack, "scale", "app=1")
        assert count(stack) == 1
        claims.the_include_names_exactly_the_replicas(stack, "app")
    claims.nothing_was_lost(load.result())
    refused = stack.composeroll("scale", *stack.selection, "app=0")
    assert refused.code == 2, str(refused)


def test_nginx_proxy_1289_sync_names_the_replicas_by_the_addresses_they_have_now(
    start: Start,
) -> None:
    stack = start(recipe.app())
    verb(stack, "sync", "app")
    one, two = (c.id for c in stack.containers("app"))
    docker.docker("stop", "--time", "1", one, two)
    docker.docker("start", two)
    docker.docker("start", one)
    verb(stack, "sync", "app")
    with under_load(stack) as load:
        assert "up to date" in verb(stack, "sync", "app").stderr
    claims.nothing_was_lost(load.result())
    claims.the_include_names_exactly_the_replicas(stack, "app")
