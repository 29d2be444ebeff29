"""The staging example itself: php-fpm, its code, and everything else behind one nginx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.request import urlopen

import pytest

from tests.e2e.harness import claims, recipe
from tests.e2e.harness.rolling import DRAIN, FULL, WITH_WEBSOCKETS, roll, under_load
from tests.e2e.harness.running import running
from tests.e2e.harness.stack import Stack
from tests.load import Mix

pytestmark = pytest.mark.e2e

BY_CODE = replace(FULL, version_header="X-Code")
DICTIONARY = Mix(keepalive=1, fresh=1, post=0, half_post=0, slow=0, idle=0, rate=40)


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, for all tests of this file: each takes it as it finds it."""
    with running(recipe.staging(), tmp_path_factory.mktemp("staging")) as stack:
        yield stack


def page(stack: Stack) -> dict[str, str]:
    """What the page says of itself."""
    with urlopen(stack.url, timeout=5) as reply:
        facts: dict[str, str] = json.load(reply)
    return facts


def version(stack: Stack, fact: str = "image") -> tuple[str, str]:
    """The version that answers now, and the next one."""
    now = page(stack)[fact]
    return now, str(int(now) + 1)


def test_php_fpm_is_replaced_while_it_answers(staging: Stack) -> None:
    old, new = version(staging)
    roll(staging, "php-fpm", old=old, new=new, flags=DRAIN)


def test_new_code_arrives_with_new_replicas_and_no_request_fails(staging: Stack) -> None:
    old, new = version(staging, "code")
    services = ("applications", "applications1", "php-fpm")
    roll(staging, *services, old=old, new=new, mix=BY_CODE, flags=DRAIN)
    assert page(staging).items() >= {"image": new, "code": new, "code1": new}.items()


def test_new_code_alone_renews_the_php_fpm_that_mounts_it(staging: Stack) -> None:
    old, new = version(staging, "code")
    before = claims.Before.of(staging)
    with under_load(staging, BY_CODE) as load:
        staging.push(new, "applications")
        load.mark("began")
        done = staging.update("applications", "php-fpm", *DRAIN)
        load.mark("ended")
    assert done.code == 0, str(done)
    claims.nothing_was_lost(load.result())
    claims.the_version_changed(load.result(), old, new)
    claims.all_are_new(staging, "php-fpm", before.containers, 2)
    claims.nothing_is_left_over(staging, before)
    claims.compose_has_nothing_to_do(staging, "applications", "php-fpm")


def test_docker_rollout_48_49_several_services_behind_one_nginx_are_replaced_together(
    staging: Stack,
) -> None:
    old, new = version(staging)
    words = staging.urls(9095)[0]
    with under_load(staging, DICTIONARY, url=f"{words}rollout") as dictionary:
        roll(
            staging,
            *("sdcv", "websocket", "php-fpm"),
            old=old,
            new=new,
            mix=WITH_WEBSOCKETS,
            flags=DRAIN,
        )
    claims.nothing_was_lost(dictionary.result())


def test_the_whole_stack_goes_over_with_nginx_last_and_no_request_fails(staging: Stack) -> None:
    old, new = version(staging)
    services = ("applications", "applications1", "php-fpm", "websocket", "nginx")
    before = claims.Before.of(staging)
    with under_load(staging, WITH_WEBSOCKETS) as load:
        for service in services:
            staging.push(new, service)
        load.mark("began")
        done = staging.update("--all", *DRAIN)
        load.mark("ended")
    assert done.code == 0, str(done)
    claims.nothing_was_lost(load.result())
    claims.the_version_changed(load.result(), old, new)
    for service in services:
        claims.all_are_new(staging, service, before.containers, before.count(service))
    claims.nginx_started_last(staging, *services[:-1])
    claims.others_were_not_touched(staging, services, before.containers)
    claims.nothing_is_left_over(staging, before)
    claims.compose_has_nothing_to_do(staging)
