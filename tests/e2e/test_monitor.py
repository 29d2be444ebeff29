"""Replicas that are ready and then fail: they are watched, and traffic goes back by itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import claims, recipe
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Done, Stack
from tests.e2e.harness.trouble import (
    BRIEF,
    CALM,
    Seen,
    brief_load,
    ended_with,
    nobody_notices,
    update,
)
from tests.load import Load
from tests.load.outcome import Failure

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("the_bed")]

SOON = ("--drain-timeout", "5s")

RETRIED = replace(CALM, post=0, half_post=0)
"""Of what a container that ends has in its hands, nginx repeats only what has no body."""

PLAIN_LOG = """
include include/app.include;
server {
    listen 80 default_server backlog=4096;
    access_log /var/log/nginx/app.log combined;
    location / { proxy_pass http://app; }
}
"""
"""A log of the app's alone, in nginx's own format, which tells no addresses."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas that are started again when they end, behind the gateway's own log."""
    made = recipe.app("breakable", "revived")
    with running(made, tmp_path_factory.mktemp("monitor")) as stack:
        ended_with(stack.update("app"), 0)
        yield stack


def taken_back_under_load(stack: Stack) -> Done:
    """Roll to a version that errs; nothing but its own errors is seen, and none afterwards."""
    before = Seen.of(stack, written=False)
    stack.set(BROKEN="errs", EDITION="errs")
    with Load(stack.url, CALM) as load:
        load.after_requests(BRIEF)
        load.mark("began")
        done = stack.update("--monitor", "20s", *SOON, "app")
        load.mark("ended")
        load.after_requests(BRIEF)
    steady, during, after = load.result().phases("began", "ended")
    assert not load.result().failures(steady)
    assert set(load.result().failures(during)) == {Failure.SERVER_ERROR}
    assert not load.result().failures(after)
    assert Seen.of(stack, written=False) == before
    return done


def test_a_version_that_answers_5xx_is_switched_back_by_itself(stack: Stack) -> None:
    done = taken_back_under_load(stack)
    ended_with(done, 1, "requests with 5xx (", "5% allowed", "what served before keeps serving")
    ended_with(done, 1, f"{stack.project}-app-", "\t500\t".expandtabs(4), "could not answer /")


def test_a_log_of_the_services_own_is_enough_without_addresses(start: Start) -> None:
    made = recipe.app("breakable", "own-site", beside={"site.conf": PLAIN_LOG})
    stack = start(made)
    ended_with(stack.update("app"), 0)  # a boot default's name would not be put back
    done = taken_back_under_load(stack)
    ended_with(done, 1, "upstream app answered", "5% allowed", 'HTTP/1.1" 500 ')


def test_a_good_version_is_watched_and_stays(stack: Stack) -> None:
    before = stack.containers()
    stack.set(BROKEN="", EDITION="good")
    with brief_load(stack) as load, update(stack, "--monitor", "3s", *SOON, "app") as rolling:
        done = rolling.end()
    ended_with(done, 0)
    claims.nothing_was_lost(load.result())
    seen = [event for event in rolling.events if event["event"] == "watching"]
    assert 0 < seen[-1]["requests"] <= load.result().total
    assert seen[-1]["errors"] == 0
    claims.all_are_new(stack, "app", before, 2)
    claims.the_include_names_exactly_the_replicas(stack, "app")


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("kill 1", ("started again", "turned unhealthy", "requests with 5xx")),
        ("touch /tmp/sick", ("turned unhealthy",)),
    ],
)
def test_a_replica_that_fails_while_it_is_watched_sends_the_traffic_back(
    stack: Stack, trouble: str, says: tuple[str, ...]
) -> None:
    """It says what it saw first.

    An app that ends its requests on SIGTERM may fail a healthcheck before it has ended; and nginx
    may have asked it in vain often enough before anybody else saw it go.
    """
    ran = {container.id for container in stack.containers("app")}
    stack.set(BROKEN="", EDITION="fails")
    with nobody_notices(stack, RETRIED), update(stack, "--monitor", "30s", "app") as rolling:
        rolling.step("watch")
        new = next(c for c in stack.containers("app") if c.id not in ran)
        argv = ["docker", "exec", new.id, "sh", "-c", trouble]
        subprocess.run(argv, check=False, capture_output=True)  # it may go with the container
        done = rolling.end()
    ended_with(done, 1, f"{new.name} ", "what served before keeps serving")
    assert any(what in str(done) for what in says)
