"""Whatever nginx is made of and however its include is kept, a rollout loses nothing."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Start
from tests.e2e.harness import claims, recipe
from tests.e2e.harness.rolling import roll, under_load

pytestmark = pytest.mark.e2e

TEMPLATE = """\
upstream {{ upstream.name }} {
    zone {{ upstream.name }} 256k;
    least_conn;
{% for server in upstream.servers %}
    server {{ server.address }} max_fails=7;
{% endfor %}
}
"""


@pytest.mark.parametrize(
    ("gateway", "replicas"),
    [
        ("plain-forky", 1),
        ("plain-trixie", 2),
        ("busybox-forky", 2),
        ("no-shell-forky", 3),
        ("non-root-forky", 2),
        ("non-root-own-forky", 1),
    ],
)
def test_docker_rollout_14_no_request_is_lost_whatever_the_gateway_is_made_of(
    start: Start, gateway: str, replicas: int
) -> None:
    roll(start(recipe.app(gateway=gateway, replicas=replicas)), "app")


def test_an_include_that_is_a_single_file_of_the_host_is_written_in_place(start: Start) -> None:
    stack = start(recipe.app("single-file", beside={"app.include": ""}))
    roll(stack, "app")
    on_the_host = (stack.directory / "app.include").read_text(encoding="utf-8")
    assert stack.includes("app") == [on_the_host]


def test_an_include_in_a_volume_is_written(start: Start) -> None:
    roll(start(recipe.app("volume")), "app")


def test_two_gateway_containers_are_both_told(start: Start) -> None:
    stack = start(recipe.app("two-gateways"))
    with under_load(stack, url=stack.urls()[1]) as other:
        other.mark("began")
        roll(stack, "app")
        other.mark("ended")
    claims.nothing_was_lost(other.result())
    claims.the_version_changed(other.result(), "1", "2")


def test_replicas_without_an_ipv4_address_are_reached_by_ipv6(start: Start) -> None:
    stack = start(recipe.app("ipv6"))
    roll(stack, "app")
    assert all(text.count("server [") == 2 for text in stack.includes("app"))


def test_the_include_is_rendered_by_the_users_own_template(start: Start) -> None:
    stack = start(recipe.app("template", beside={"upstream.conf.j2": TEMPLATE}))
    roll(stack, "app")
    (text,) = stack.includes("app")
    assert text.count(" max_fails=7;") == 2
    assert "least_conn;" in text
