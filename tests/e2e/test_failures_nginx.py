"""nginx in trouble during an update: what served before keeps serving, and nothing is left."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.bed import images, state
from tests.e2e.conftest import Start
from tests.e2e.harness import claims, docker, recipe
from tests.e2e.harness.holding import half_sent
from tests.e2e.harness.running import await_answers, running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import ended_with, nobody_notices, update

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

SERVES = "what served before keeps serving"
LISTENS = "server { listen 8000; }"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas that are outdated by the next edition."""
    with running(recipe.app("breakable"), tmp_path_factory.mktemp("nginx")) as stack:
        ended_with(stack.update("app"), 0)
        stack.set(EDITION="2")
        yield stack


def test_a_file_that_somebody_breaks_meanwhile_takes_everything_back(stack: Stack) -> None:
    (gateway,) = stack.gateways
    with nobody_notices(stack), update(stack, "app", pause="await") as run:
        run.step("await")
        with configured(gateway.id, "servre;"):
            run.go_on()
            done = run.end()
    ended_with(done, 1, "nginx rejects its configuration", "servre", SERVES)


def test_a_reload_that_nginx_accepts_and_does_not_take_is_noticed(stack: Stack) -> None:
    """The port of a `listen` is taken: test and reload both end well, and nothing changes."""
    (gateway,) = stack.gateways
    with occupied(gateway.id), nobody_notices(stack), update(stack, "app", pause="await") as run:
        run.step("await")
        with configured(gateway.id, LISTENS):
            run.go_on()
            done = run.end()
    ended_with(done, 1, "kept its old configuration", "listen", SERVES)


def test_of_two_gateways_one_that_does_not_take_it_keeps_both_back(start: Start) -> None:
    stack = start(recipe.app("breakable", "two-gateways"))
    ended_with(stack.update("app"), 0)
    stack.set(EDITION="2")
    second = stack.gateways[1].id
    with occupied(second), nobody_notices(stack), update(stack, "app", pause="await") as run:
        run.step("await")
        with configured(second, LISTENS):
            run.go_on()
            done = run.end()
    ended_with(done, 1, "kept its old configuration", SERVES)


@pytest.mark.parametrize("words", [("stop", "--time", "1"), ("kill",)])
def test_an_nginx_that_is_stopped_meanwhile_ends_the_update(
    stack: Stack, words: tuple[str, ...]
) -> None:
    """It answers nobody then, so there is no load; the replicas are what they were."""
    (gateway,) = stack.gateways
    before = stack.containers("app")
    with update(stack, "app", pause="await") as run:
        run.step("await")
        docker.docker(*words, gateway.id)
        run.go_on()
        try:
            done = run.end()
        finally:
            docker.docker("start", gateway.id)
            await_answers(stack)
    ended_with(done, 1, f"container {gateway.name} is not running", f"docker start {gateway.name}")
    assert stack.containers("app") == before


def test_an_nginx_that_is_restarted_during_the_drain_is_waited_for(stack: Stack) -> None:
    """Its files are what it was told, so that nothing leads to the old replicas any more."""
    (gateway,) = stack.gateways
    stack.set(EDITION="restarted")
    with half_sent(stack.url, "/"), update(stack, "app") as run:
        run.step("drain")
        docker.docker("restart", "--time", "0", gateway.id)
        done = run.end()
    ended_with(done, 0)
    await_answers(stack)
    claims.the_include_names_exactly_the_replicas(stack, "app")


def test_an_nginx_that_ends_during_the_drain_finds_the_old_replicas_when_it_comes_back(
    stack: Stack,
) -> None:
    """Its include outlives it, and what it was told last is gone by then."""
    (gateway,) = stack.gateways
    stack.set(EDITION="ended")
    before = stack.containers("app")
    with half_sent(stack.url, "/"), update(stack, "app") as run:
        run.step("drain")
        docker.docker("kill", gateway.id)
        try:
            done = run.end()
        finally:
            docker.docker("start", gateway.id)
    ended_with(done, 1, f"container {gateway.name} is not running", SERVES)
    assert stack.containers("app") == before
    await_answers(stack)
    claims.the_include_names_exactly_the_replicas(stack, "app")


@contextmanager
def configured(container: str, text: str) -> Iterator[None]:
    """A file more in a gateway's configuration, for the length of the block."""
    path = "/opt/nginx/conf.d/zz.conf"
    docker.docker("exec", container, "sh", "-c", f"echo '{text}' > {path}")
    try:
        yield
    finally:
        docker.docker("exec", container, "rm", path)


@contextmanager
def occupied(container: str) -> Iterator[None]:
    """Somebody else listens on port 8000 in a container's network, for the length of the block."""
    where = ("--network", f"container:{container}")
    other = docker.docker("run", "--detach", *where, images.APPS["plain"].ref)
    try:
        state.await_state("port 8000 to be taken", lambda: listens(other), 60.0)
        yield
    finally:
        docker.docker("rm", "--force", other)


def listens(container: str) -> bool:
    """Whether somebody accepts on port 8000 where this container is."""
    connect = "import socket; socket.create_connection(('127.0.0.1', 8000), 1)"
    argv = ["docker", "exec", container, "python3", "-c", connect]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0
