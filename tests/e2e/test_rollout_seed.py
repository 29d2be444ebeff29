"""The project began with a compose file and a shell script: the one works, the other loses."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import recipe
from tests.e2e.harness.docker import docker
from tests.e2e.harness.recipe import INCLUDES
from tests.e2e.harness.rolling import FULL, LIMIT, STEADY, roll
from tests.e2e.harness.stack import Stack
from tests.load import Load

pytestmark = pytest.mark.e2e


def test_the_seeds_compose_file_needs_no_settings_at_all(start: Start) -> None:
    stack = start(recipe.seed())
    text = (stack.directory / "seed.yml").read_text(encoding="utf-8")
    assert "x-composeroll:" not in text
    assert "version: '2'" in text
    roll(stack, "php-fpm")
    roll(stack, "php-fpm", old="2", new="3")


def test_the_load_client_sees_what_the_seeds_procedure_loses(start: Start) -> None:
    stack = start(recipe.seed())
    stack.push("2", "php-fpm")
    with Load(stack.url, FULL, limit=LIMIT) as load:
        load.after_seconds(STEADY)
        the_seeds_procedure(stack, load)
        load.after_seconds(STEADY)
    assert load.result().failures()


def the_seeds_procedure(stack: Stack, load: Load) -> None:
    """Its script without its shell: scale up, write the include, sleep, reload, kill, remove."""
    stack.compose("pull", "php-fpm")
    before = stack.containers("php-fpm")
    stack.compose("up", "--scale", "php-fpm=2", "--detach", "--no-deps", "php-fpm")
    new = [c for c in stack.containers("php-fpm") if c.id not in {b.id for b in before}]
    rows = [f"server {address}:9000;" for c in new for address in c.addresses]
    include, nginx = stack.directory / "upstream.include", stack.gateways[0].id
    include.write_text("\n".join(["upstream backend {", *rows, "}"]), encoding="utf-8")
    docker("cp", str(include), f"{nginx}:{INCLUDES}/{include.name}")
    load.after_seconds(5)
    docker("exec", nginx, "nginx", "-s", "reload")
    left = [c for c in before if c.id in {now.id for now in stack.containers("php-fpm")}]
    for container in left:
        docker("kill", container.id)
        docker("rm", container.id)
