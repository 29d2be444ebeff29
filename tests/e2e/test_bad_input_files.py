"""Bad input is met with what to change, its documented exit code, and nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.harness import docker, recipe
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Done, Stack
from tests.e2e.harness.trouble import ended_with, untouched

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

USAGE, REFUSED, UNREACHABLE = 2, 3, 6
BAD = "bad.yml"
STOP_FIRST = "--order stop-first"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that nothing here changes, so that all can share it."""
    with running(recipe.app(replicas=1), tmp_path_factory.mktemp("files")) as stack:
        ended_with(stack.update("app"), 0)
        yield stack


def update(stack: Stack, overlay: str, *words: str, **environment: str) -> Done:
    """An update with one more compose file."""
    (stack.directory / BAD).write_text(overlay, encoding="utf-8")
    return stack.composeroll("update", *stack.selection, "-f", BAD, *words, env=environment)


def app(lines: str) -> str:
    """An overlay of the service `app`."""
    return f"services:\n  app:\n    {lines}\n"


FINE = "services: {}\n"


@pytest.mark.parametrize(
    ("overlay", "words", "says"),
    [
        (FINE, ["web"], ["no such service: web", "app, gateway"]),
        (FINE, [], ["which service?", "--all", "app, gateway"]),
        ("services: [\n", ["app"], [BAD]),
        (app("image: ${IMAGE"), ["app"], ["IMAGE"]),
        (app("image: app:${NO_TAG}"), ["app"], ["services.app.image is not an image", "'app:'"]),
        (FINE, ["app", "--all"], ["give service names or --all, not both"]),
        (app("image: ${TAG:?tell me the TAG}"), ["app"], ["tell me the TAG"]),
        (app("x-composeroll: {raedy: {}}"), ["app"], ["services.app", "did you mean 'ready'"]),
        (app("x-composeroll: {ready: 3}"), ["app"], ["services.app.x-composeroll.ready"]),
        (
            app("x-composeroll: {gateway: frontend}"),
            ["app"],
            ["frontend, and there is no such service", f"{BAD}:3", "app, gateway"],
        ),
        (app("x-composeroll: {port: http}"), ["app"], ["services.app.x-composeroll", "port"]),
        (FINE, ["--ready-timeout", "soon", "app"], ["the command line", "--ready-timeout", "soon"]),
        (FINE, ["--order", "random", "app"], ["order", "stop-first"]),
        (FINE, ["--pull", "often", "app"], ["--pull", "always"]),
        (FINE, ["--upstraem", "app", "app"], ["--upstraem", "--upstream"]),
        (FINE, ["-f", "nowhere.yml", "app"], ["nowhere.yml"]),
    ],
)
def test_a_command_line_or_file_that_cannot_be_acted_on_ends_with_2(
    stack: Stack, overlay: str, words: list[str], says: list[str]
) -> None:
    with untouched(stack):
        done = update(stack, overlay, *words)
    ended_with(done, USAGE, *says)


def test_a_wrong_value_in_the_environment_is_named(stack: Stack) -> None:
    with untouched(stack):
        done = update(stack, FINE, "app", COMPOSEROLL_READY_TIMEOUT="soon")
    ended_with(done, USAGE, "the environment", "COMPOSEROLL_READY_TIMEOUT", "soon")


def test_a_variable_that_is_no_setting_is_named_with_the_one_that_was_meant(stack: Stack) -> None:
    with untouched(stack):
        done = update(stack, FINE, "app", COMPOSEROLL_DRIAN_TIMEOUT="3s")
    ended_with(done, USAGE, "COMPOSEROLL_DRIAN_TIMEOUT", "COMPOSEROLL_DRAIN_TIMEOUT?")


NETWORKS = """services:
  app:
    networks: [alone]
networks:
  alone:
"""

ADDRESS = """services:
  app:
    networks:
      default: {ipv4_address: 172.31.254.9}
"""

MTU = """networks:
  default:
    driver_opts: {com.docker.network.driver.mtu: "1400"}
"""


@pytest.mark.parametrize(
    ("overlay", "says"),
    [
        (app("container_name: one"), ["remove container_name: one", f"{BAD}:3", STOP_FIRST]),
        (app('ports: ["127.0.0.1:18099:8000"]'), ["18099:8000", f"{BAD}:3", STOP_FIRST]),
        (
            app('{ports: ["24230-24231:8000"], deploy: {replicas: 3}}'),
            ["24230-24231 of app are 2", "publish 24230-24232", f"{BAD}:3"],
        ),
        (ADDRESS, ["172.31.254.9", f"{BAD}:4", STOP_FIRST]),
        (app("network_mode: host"), ["network_mode: host", f"{BAD}:3"]),
        (NETWORKS, ["app", "gateway", "common network"]),
        (MTU, ["etwork", "docker compose"]),
        (app("image: ${REGISTRY}/nothing:here"), ["nothing:here"]),
        (app("x-composeroll: {upstream: other}"), ["upstream other", "nginx has: upstream app"]),
        (app("x-composeroll: {include: /else/where}"), ["/else/where", "include"]),
    ],
)
def test_what_the_preflight_sees_is_refused_with_3(
    stack: Stack, overlay: str, says: list[str]
) -> None:
    with untouched(stack):
        done = update(stack, overlay, "app")
    ended_with(done, REFUSED, *says)


def test_a_name_that_compose_would_give_is_refused_while_another_container_has_it(
    stack: Stack,
) -> None:
    next_name = f"{stack.project}-app-2"
    docker.docker("create", "--name", next_name, stack.reference("app"))
    try:
        with untouched(stack):
            done = update(stack, app("environment: {EDITION: '2'}"), "app")
    finally:
        docker.docker("rm", next_name)
    ended_with(done, REFUSED, f"{next_name}, and another container has that name")


def test_a_paused_replica_is_refused_with_the_command_that_helps(stack: Stack) -> None:
    (replica,) = stack.containers("app")
    docker.docker("pause", replica.id)
    try:
        with untouched(stack):
            done = update(stack, app("environment: {EDITION: '2'}"), "app")
    finally:
        docker.docker("unpause", replica.id)
    ended_with(done, REFUSED, "is paused", f"docker unpause {replica.name}")


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"DOCKER_HOST": "unix:///nowhere/docker.sock"}, ["/nowhere/docker.sock"]),
        ({"DOCKER_HOST": "tcp://127.0.0.1:1"}, ["127.0.0.1:1"]),
        ({"REGISTRY": "127.0.0.1:1/e2e"}, ["registry", "127.0.0.1:1"]),
    ],
)
def test_what_cannot_be_reached_ends_with_6(
    stack: Stack, environment: dict[str, str], says: list[str]
) -> None:
    with untouched(stack):
        done = update(stack, FINE, "app", **environment)
    ended_with(done, UNREACHABLE, *says)


@pytest.mark.parametrize("words", [["plan"], ["update", "--dry-run"]])
def test_a_plan_sees_that_the_tag_has_moved_and_moves_nothing(
    stack: Stack, words: list[str]
) -> None:
    stack.push("2")
    with untouched(stack):
        done = stack.composeroll(*words, *stack.selection, "app")
    ended_with(done, 0, "create 1 replica of app", "the registry has a newer image")
