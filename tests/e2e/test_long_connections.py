"""Long connections: whose they are decides whether a rollout waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests.e2e.harness import claims, recipe
from tests.e2e.harness.holding import half_sent, held_websocket
from tests.e2e.harness.rolling import roll, under_load
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack

pytestmark = pytest.mark.e2e

GOES_ON = "1 connection to another service goes on in the old nginx worker"


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The staging stack, whose nginx has php-fpm and websockets behind one port."""
    with running(recipe.staging(), tmp_path_factory.mktemp("long")) as stack:
        yield stack


def test_another_services_websocket_lives_on_and_nobody_waits_for_it(staging: Stack) -> None:
    with held_websocket(staging.url, "/ws") as websocket:
        assert websocket.echoes("before")
        began = time.monotonic()
        done = roll(staging, "php-fpm", flags=("--drain-timeout", "2m"))
        assert time.monotonic() - began < 60
        assert GOES_ON in done.stderr, str(done)
        assert websocket.echoes("after")


def test_a_half_sent_request_beside_it_is_waited_for_and_answered(staging: Stack) -> None:
    """Nothing of it is at a replica yet, so that no count of connections would find it."""
    seconds = 12.0
    with held_websocket(staging.url, "/ws") as websocket, half_sent(staging.url, "/") as post:
        answers: list[bytes] = []
        finish = threading.Timer(seconds, lambda: answers.append(post.finish()))
        finish.start()
        staging.push("3", "php-fpm")
        began = time.monotonic()
        with under_load(staging) as load:
            done = staging.update("php-fpm", "--drain-timeout", "2m")
        lasted = time.monotonic() - began
        finish.join()
        assert done.code == 0, str(done)
        assert GOES_ON in done.stderr, str(done)
        assert answers == [b"HTTP/1.1 200 OK"]
        assert lasted > seconds, "the drain was over before the request was"
        assert websocket.echoes("after")
    claims.nothing_was_lost(load.result())
