"""A unix socket that a service and nginx share through a mount."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Mount, Severity
from composeroll.nginx.discovery.subject import Subject
from composeroll.nginx.findings.sockets import socket_findings
from tests.unit.nginx.made import configured, replica

RUN = Mount("/run/php", "bind", writable=True, source="/srv/run")
SOCKET = "unix:/run/php/fpm.sock"
STRAIGHT = f"server {{ listen 80; location / {{ fastcgi_pass {SOCKET}; }} }}"
BEHIND = (
    f"upstream backend {{ server {SOCKET}; }}"
    " server { listen 80; location / { fastcgi_pass backend; } }"
)
OVER_HTTP = f"server {{ listen 80; location / {{ proxy_pass http://{SOCKET}:/app; }} }}"


AS_A_URL = BEHIND.replace("unix:/", "unix:///")
"""As the manuals of uWSGI and Puma have it."""


@pytest.mark.parametrize("http", [STRAIGHT, BEHIND, OVER_HTTP, AS_A_URL])
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


@pytest.mark.parametrize(
    ("nginx", "service"),
    [("/srv/app/run/php", "/srv/app"), ("/srv", "/srv/php"), ("/srv/app/run/", "/srv/app/run")],
)
def test_a_mounted_directory_holds_a_socket_in_a_directory_of_it_too(
    nginx: str, service: str
) -> None:
    theirs = Mount("/app", "bind", writable=True, source=service)
    subject = Subject("staging", "php-fpm", (replace(replica(), mounts=(theirs,)),))
    ours = replace(RUN, destination="/run", source=nginx)
    assert list(socket_findings(configured(STRAIGHT), (ours,), subject))


def test_a_mount_that_it_cannot_write_holds_no_socket_of_its_own() -> None:
    there = replace(RUN, writable=False)
    subject = Subject("staging", "exporter", (replace(replica(), mounts=(there,)),))
    assert not list(socket_findings(configured(STRAIGHT), (RUN,), subject))


def test_whoever_shares_the_mount_and_does_not_listen_is_told_how_to_say_so() -> None:
    subject = Subject("staging", "worker", (replace(replica("worker"), mounts=(RUN,)),))
    (finding,) = socket_findings(configured(STRAIGHT), (RUN,), subject)
    assert finding.what.startswith("nginx may reach worker by")
    assert "services.worker.x-composeroll.gateway: none" in finding.help


@pytest.mark.parametrize(
    ("other", "severity"),
    [
        ((), Severity.REFUSAL),
        ((replace(RUN, source="/srv"),), Severity.WARNING),
        ((replace(RUN, writable=False),), Severity.REFUSAL),
    ],
)
def test_beside_an_upstream_it_is_refused_unless_another_service_may_listen_there(
    other: tuple[Mount, ...], severity: Severity
) -> None:
    nginx = replace(replica("nginx", 2), mounts=(RUN,))
    cron = replace(replica("cron", 3), mounts=other)
    subject = Subject("staging", "php-fpm", (replace(replica(), mounts=(RUN,)),), (nginx, cron))
    (finding,) = socket_findings(configured(STRAIGHT), (RUN,), subject, beside="nginx")
    assert finding.severity is severity
    assert "gateway: none" not in finding.help


def test_a_socket_that_is_mounted_itself_is_somebody_elses_outside() -> None:
    """As docker's own."""
    mine = Mount("/docker.sock", "bind", writable=True, source="/run/docker.sock")
    nginx = replace(mine, destination="/run/docker.sock")
    site = configured(STRAIGHT.replace(SOCKET, "unix:/run/docker.sock"))
    subject = Subject("staging", "php-fpm", (replace(replica(), mounts=(mine,)),))
    assert not list(socket_findings(site, (nginx,), subject))
