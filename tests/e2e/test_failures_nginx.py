"""nginx fails in the middle of an update: what served before serves on, or says what it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bed import images
from tests.e2e.conftest import Start
from tests.e2e.harness import docker, recipe
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import ended_with, nobody_notices, update

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

SERVES = "what served before serves on"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas that are outdated by the next edition."""
    with running(recipe.app("breakable"), tmp_path_factory.mktemp("nginx")) as stack:
        ended_with(stack.update("app"), 0)
        stack.set(EDITION="2")
        yield stack


def test_a_file_that_somebody_breaks_meanwhile_takes_everything_back(stack: Stack) -> None:
    (gateway,) = stack.gateways
    with nobody_notices(stack), update(stack, "app") as run:
        run.step("await")
        shell(gateway.id, "echo 'servre;' > /opt/nginx/conf.d/zz.conf")
        done = run.end()
        shell(gateway.id, "rm /opt/nginx/conf.d/zz.conf")
    ended_with(done, 1, "nginx rejects its configuration", "servre", SERVES)


def test_a_reload_that_nginx_accepts_and_does_not_take_is_noticed(stack: Stack) -> None:
    """The port of a `listen` is taken: test and reload both end well, and nothing changes."""
    (gateway,) = stack.gateways
    other = occupy(gateway.id)
    try:
        with nobody_notices(stack), update(stack, "app") as run:
            run.step("await")
            shell(gateway.id, "echo 'server { listen 8000; }' > /opt/nginx/conf.d/zz.conf")
            done = run.end()
            shell(gateway.id, "rm /opt/nginx/conf.d/zz.conf")
    finally:
        docker.docker("rm", "--force", other)
    ended_with(done, 1, "kept its old configuration", "listen", SERVES)


def test_of_two_gateways_one_that_does_not_take_it_keeps_both_back(start: Start) -> None:
    stack = start(recipe.app("breakable", "two-gateways"))
    ended_with(stack.update("app"), 0)
    stack.set(EDITION="2")
    other = occupy(stack.gateways[1].id)
    try:
        with nobody_notices(stack), update(stack, "app") as run:
            run.step("await")
            second = stack.gateways[1].id
            shell(second, "echo 'server { listen 8000; }' > /opt/nginx/conf.d/zz.conf")
            done = run.end()
            shell(second, "rm /opt/nginx/conf.d/zz.conf")
    finally:
        docker.docker("rm", "--force", other)
    ended_with(done, 1, "kept its old configuration", SERVES)


@pytest.mark.parametrize("words", [("stop", "--time", "1"), ("kill",)])
def test_an_nginx_that_is_stopped_meanwhile_ends_the_update(
    stack: Stack, words: tuple[str, ...]
) -> None:
    """It answers nobody then, so there is no load; the replicas are what they were."""
    (gateway,) = stack.gateways
    before = stack.containers("app")
    with update(stack, "app") as run:
        run.step("await")
        docker.docker(*words, gateway.id)
        done = run.end()
    docker.docker("start", gateway.id)
    ended_with(done, 1, f"container {gateway.name} is not running", f"docker start {gateway.name}")
    assert stack.containers("app") == before


def shell(container: str, line: str) -> None:
    """Run a line in a gateway."""
    docker.docker("exec", container, "sh", "-c", line)


def occupy(container: str) -> str:
    """Take port 8000 in a container's network, by another container, whose ID is returned."""
    image = images.APPS["plain"].ref
    return docker.docker("run", "--detach", "--network", f"container:{container}", image)
