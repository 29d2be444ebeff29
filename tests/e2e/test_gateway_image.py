"""The gateway image by itself: it starts before and without what it sends requests to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from pytest_docker.plugin import Services, get_docker_services

from tests.e2e.harness.docker import remove_project

pytestmark = pytest.mark.e2e

STACK = Path(__file__).parent / "stacks" / "gateway-alone.yml"
STALE = "printf 'upstream app { server 10.255.255.1:1; }' > /opt/nginx/include/app.include"


@pytest.fixture(params=["plain-forky", "plain-trixie"], ids=["nginx 1.30", "nginx 1.26"])
def gateway(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, docker_compose_command: str
) -> Iterator[Services]:
    """The image on a loopback port; pytest-docker takes it down, but not where `up` fails."""
    monkeypatch.setenv("GATEWAY", request.param)
    project = f"e2e-gateway-{uuid.uuid4().hex[:8]}"
    up, down = "up --detach --wait", "down --volumes --timeout 0"
    try:
        with get_docker_services(docker_compose_command, str(STACK), project, up, down) as services:
            yield services
    finally:
        remove_project(project)


def status(gateway: Services) -> int:
    """What nginx answers, 0 where it does not."""
    connection = HTTPConnection("127.0.0.1", gateway.port_for("gateway", 80), timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_it_starts_without_its_service_and_says_that_nobody_is_there(gateway: Services) -> None:
    gateway.wait_until_responsive(lambda: status(gateway) == 502, timeout=60, pause=0.1)


def test_nginx_proxy_1289_after_a_restart_it_trusts_no_address_from_before(
    gateway: Services,
) -> None:
    compose = gateway._docker_compose  # noqa: SLF001 - pytest-docker hands out no other way to it
    gateway.wait_until_responsive(lambda: status(gateway) == 502, timeout=60, pause=0.1)
    compose.execute(f'exec -T gateway sh -c "{STALE}"')
    compose.execute("restart --timeout 1 gateway")

    def is_written_anew() -> bool:
        read = "exec -T gateway cat /opt/nginx/include/app.include"
        return bool(compose.execute(read).startswith(b"# written by the gateway's entrypoint"))

    gateway.wait_until_responsive(is_written_anew, timeout=60, pause=0.1)
