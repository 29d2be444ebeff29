"""What is wrong with nginx is said before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import docker, recipe
from tests.e2e.harness.running import await_answers, running
from tests.e2e.harness.stack import Stack
from tests.e2e.harness.trouble import ended_with, untouched

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

REFUSED = 3
SITE = "server {{ listen 80; location / {{ proxy_pass http://{target}; }} }}\n"
INCLUDED = "include include/app.include;\n" + SITE.format(target="app")
UPSTREAM = "upstream {name} {{ zone {name} 64k; resolver 127.0.0.11; server app:8000 resolve; }}\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose nginx can be told another site, and whose replicas nobody changes."""
    made = recipe.app("own-site", replicas=1, beside={"site.conf": INCLUDED})
    with running(made, tmp_path_factory.mktemp("gateway")) as stack:
        yield stack


@pytest.mark.parametrize(
    ("site", "words", "says"),
    [
        (
            UPSTREAM.format(name="one")
            + UPSTREAM.format(name="two")
            + SITE.format(target="one")
            + SITE.format(target="two").replace("80", "81"),
            [],
            ["2 upstreams", "one", "two", "x-composeroll.upstream in app"],
        ),
        (
            UPSTREAM.format(name="one") + SITE.format(target="one"),
            [],
            ["holds more than this upstream", "site.conf:1", "move the block to"],
        ),
        (
            "resolver 127.0.0.11;\n" + SITE.format(target="app:8000"),
            [],
            ["nginx passes straight to app", "upstream app { server app:8000; }"],
        ),
        (
            INCLUDED,
            ["--include", "/opt/nginx/elsewhere.include", "--upstream", "app"],
            ["/opt/nginx/elsewhere.include", "include"],
        ),
        ("servre { listen 80; }\n", [], ["nginx rejects its configuration", "servre"]),
    ],
)
def test_a_site_that_cannot_be_switched_is_refused_and_never_overwritten(
    stack: Stack, site: str, words: list[str], says: list[str]
) -> None:
    path = stack.directory / "site.conf"
    path.write_text(site, encoding="utf-8")
    try:
        with untouched(stack):
            done = stack.update("--force", *words, "app")
        assert path.read_text(encoding="utf-8") == site
    finally:
        path.write_text(INCLUDED, encoding="utf-8")
    ended_with(done, REFUSED, "nothing was touched", *says)


def test_a_gateway_that_does_not_run_is_refused_with_the_command_that_starts_it(
    stack: Stack,
) -> None:
    stack.compose("stop", "--timeout", "0", "gateway")
    try:
        before = stack.containers()
        done = stack.update("--force", "--gateway", "gateway", "app")
        assert stack.containers() == before
    finally:
        stack.compose("start", "gateway")
        await_answers(stack)
    helps = stack.advised("docker compose", "up -d gateway")
    ended_with(done, REFUSED, "no nginx runs in gateway", helps)


def test_a_read_only_mount_over_the_include_is_refused(start: Start) -> None:
    text = UPSTREAM.format(name="app")
    stack = start(recipe.app("read-only-includes", replicas=1, beside={"app.include": text}))
    with untouched(stack):
        done = stack.update("--force", "app")
    ended_with(done, REFUSED, "/opt/nginx/include", "read-only", "nothing was touched")


def test_a_read_only_root_is_refused(start: Start) -> None:
    made = recipe.app(
        "read-only-root", replicas=1, beside={"app.include": UPSTREAM.format(name="app")}
    )
    stack = start(made)
    with untouched(stack):
        done = stack.update("--force", "app")
    ended_with(done, REFUSED, "app.include", "read-only", "nothing was touched")


def test_another_gateways_broken_file_stops_the_rollout_of_all(start: Start) -> None:
    stack = start(recipe.app("two-gateways", replicas=1))
    ended_with(stack.update("app"), 0)
    second = stack.gateways[1].id
    docker.docker("exec", second, "sh", "-c", "echo 'servre;' > /opt/nginx/conf.d/zz.conf")
    with untouched(stack):
        done = stack.update("--force", "app")
    ended_with(done, REFUSED, "nginx rejects its configuration", "servre", stack.gateways[1].name)
