"""A broken image: the old replicas go on serving, and the message says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bed import images
from tests.e2e.conftest import Start
from tests.e2e.harness import docker, recipe
from tests.e2e.harness.events import steps
from tests.e2e.harness.holding import half_sent
from tests.e2e.harness.recipe import Recipe
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import CALM, LONG, ended_with, nobody_notices, update
from tests.load import Mix

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

SOON = ("--ready-timeout", "3s")
"""For what never accepts a connection."""

ANSWERED = ("--ready-timeout", "8s")
"""Time enough for a bad answer on a machine that has much else to do."""

UNTIL_IT_ENDS = ("--ready-timeout", "60s", "--settle", "30s")
"""For what is to end by itself, however late it comes to that: nothing is waited for then."""

BY_PATH = (*ANSWERED, "--ready-path", "/healthz")
LOGGED = tuple(f"says line {number}\n" for number in range(11, 31))
SERVES = "what served before keeps serving"
NEXT = "run the same command again"

WHO = replace(CALM, version_header="", version_pattern=r'"container": "([0-9a-f]{12})"')
"""Every answer names its container: a broken image may answer just as the old one does."""

PING = Mix(keepalive=3, fresh=2, post=0, half_post=0, idle=1, rate=100)

RETRIED = replace(LONG, post=0, half_post=0)
"""A container that is killed loses what it works on: nginx repeats only what has no body."""

PING_CONF = """
include include/backend.include;
server {
    listen 80;
    location / {
        fastcgi_pass backend;
        include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_NAME /ping;
        fastcgi_param SCRIPT_FILENAME /ping;
    }
}
"""


@pytest.fixture(scope="module")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Two replicas with addresses in the include; without and with a HEALTHCHECK."""
    made = recipe.app("breakable", kind=request.param)
    with running(made, tmp_path_factory.mktemp("broken")) as stack:
        ended_with(stack.update("--settle", "0s", "app"), 0)
        yield stack


@pytest.fixture(scope="module")
def fpm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas of php-fpm, with the HEALTHCHECK of their image."""
    made = Recipe(
        files=(recipe.FILES / "fpm.yml",),
        gateway="nginx",
        images={"php-fpm": replace(images.STAGING["php-fpm"], ref="php-fpm:current")},
        variables={"GATEWAY": images.GATEWAYS["forky"].ref},
        includes={"php-fpm": "backend.include"},
        beside={"ping.conf": PING_CONF},
    )
    with running(made, tmp_path_factory.mktemp("fpm")) as stack:
        ended_with(stack.update("php-fpm"), 0)
        yield stack


@pytest.mark.parametrize(
    ("stack", "broken", "flags", "says"),
    [
        pytest.param(
            *("plain", "exits-at-once", UNTIL_IT_ENDS, "exited with code 3"),
            id="docker_rollout_ran_a_crash_without_healthcheck_exits_at_once",
        ),
        pytest.param(
            *("plain", "never-listens", SOON, "Connection refused"),
            id="docker_orchestrate_55_without_healthcheck_never_listens",
        ),
        pytest.param(
            *("plain", "answers-500", BY_PATH, "answered 500"),
            id="kamal_1041_kamal_proxy_71_answers_500",
        ),
        pytest.param(
            *("plain", "dies-soon", UNTIL_IT_ENDS, "exited with code 3"),
            id="docker_rollout_27_28_dies_while_it_settles",
        ),
        ("plain", "one-of-two", UNTIL_IT_ENDS, "exited with code 3"),
        ("checked", "exits-at-once", UNTIL_IT_ENDS, "exited with code 3"),
        ("checked", "never-listens", SOON, "Connection refused"),
        pytest.param(
            *("checked", "unhealthy", ANSWERED, "/healthz answered 500"),
            id="docker_rollout_15_unhealthy",
        ),
        pytest.param(
            *("checked", "fails-healthcheck", ANSWERED, "this healthcheck always fails"),
            id="docker_rollout_46_47_51_fails_healthcheck",
        ),
        ("checked", "dies-soon", UNTIL_IT_ENDS, "exited with code 3"),
    ],
    indirect=["stack"],
)
def test_a_broken_replica_never_gets_a_request(
    stack: Stack, broken: str, flags: tuple[str, ...], says: str
) -> None:
    events = stack.directory / f"{broken}.events"
    old = {container.id[:12] for container in stack.containers("app")}
    stack.set(BROKEN=broken, EDITION=broken)
    with nobody_notices(stack, WHO) as load:
        done = stack.update(*flags, "--events", str(events), "app")
    ended_with(done, 1, says, SERVES, NEXT, *LOGGED)
    assert "says line 10\n" not in done.stderr
    assert set(load.result().versions()) == old
    assert not switched(events)


def test_watchtower_90_444_542_a_broken_build_under_the_same_tag_is_taken_back(
    start: Start,
) -> None:
    stack = start(recipe.app(kind="plain"))
    ended_with(stack.update("--settle", "0s", "app"), 0)
    stack.push("2", BROKEN="answers-500")
    with nobody_notices(stack, pulled=True):
        done = stack.update(*BY_PATH, "app")
    ended_with(done, 1, "answered 500", "broken on purpose", SERVES)


@pytest.mark.parametrize(
    ("command", "flags", "says"),
    [
        ("php-fpm8.4 --no-such-flag", UNTIL_IT_ENDS, "exited with code 64"),
        ("sleep 60", SOON, "Connection refused"),
        (
            *("php-fpm8.4 --nodaemonize", (*ANSWERED, "--ready-path", "/nowhere")),
            "answered 404",
        ),
        (
            *("sh -c 'php-fpm8.4 & sleep 1; exit 3'", (*UNTIL_IT_ENDS, "--ready-path", "/ping")),
            "exited with code 3",
        ),
    ],
)
def test_a_broken_php_fpm_never_gets_a_request(
    fpm: Stack, tmp_path: Path, command: str, flags: tuple[str, ...], says: str
) -> None:
    events = tmp_path / "events"
    fpm.set(COMMAND=command, EDITION="broken")
    with nobody_notices(fpm, PING):
        done = fpm.update(*flags, "--events", str(events), "php-fpm")
    ended_with(done, 1, says, SERVES, NEXT)
    assert not switched(events)


def switched(events: Path) -> bool:
    """Whether the traffic was to go elsewhere, as a run's events tell it."""
    begun = steps(events)
    assert any(step.startswith("start") for step in begun), begun
    return any(step.startswith("point") for step in begun)


def test_swarm_moby_30321_37972_one_that_dies_during_the_drain_sends_the_traffic_back(
    start: Start,
) -> None:
    stack = start(recipe.app("breakable", kind="checked"))
    ended_with(stack.update("app"), 0)
    ran = {container.id for container in stack.containers("app")}
    stack.set(EDITION="2")
    with nobody_notices(stack, RETRIED), update(stack, "app") as running_update:
        with half_sent(stack.url, "/post"):  # the drain is not over before this
            running_update.step("drain")
            new = next(c for c in stack.containers("app") if c.id not in ran)
            docker.docker("kill", new.id)
        done = running_update.end()
    ended_with(done, 1, f"{new.name} exited with code 137", SERVES)
