"""A unix socket that a service and nginx share through a mount."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Mount
from composeroll.nginx.findings.sockets import socket_findings
from composeroll.nginx.subject import Subject
from tests.unit.nginx.made import configured, replica

RUN = Mount("/run/php", "bind", writable=True, source="/srv/run")
SOCKET = "unix:/run/php/fpm.sock"
STRAIGHT = f"server {{ listen 80; location / {{ fastcgi_pass {SOCKET}; }} }}"
BEHIND = (
    f"upstream backend {{ server {SOCKET}; }}"
    " server { listen 80; location / { fastcgi_pass backend; } }"
)
OVER_HTTP = f"server {{ listen 80; location / {{ proxy_pass http://{SOCKET}:/app; }} }}"


@pytest.mark.parametrize("http", [STRAIGHT, BEHIND, OVER_HTTP])
def test_it_is_refused_where_a_second_replica_would_take_it_over(http: str) -> None:
    there = replace(RUN, destination="/var/run/php-fpm")
    subject = Subject("staging", "php-fpm", (replace(replica(), mounts=(there,)),))
    (finding,) = socket_findings(configured(http), (RUN,), subject)
    assert "by the unix socket /run/php/fpm.sock" in finding.what


@pytest.mark.parametrize(
    ("nginx", "service"),
    [((RUN,), (replace(RUN, source="/srv/code"),)), ((), (RUN,)), ((RUN,), ())],
)
def test_one_that_another_service_listens_on_is_none_of_its_own(
    nginx: tuple[Mount, ...], service: tuple[Mount, ...]
) -> None:
    subject = Subject("staging", "php-fpm", (replace(replica(), mounts=service),))
    assert not list(socket_findings(configured(STRAIGHT), nginx, subject))
