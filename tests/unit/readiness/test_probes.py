"""Which probe a service gets, and what it is called."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.config.settings import Ready
from composeroll.errors import SettingsError
from composeroll.model import Healthcheck, Protocol, Route
from composeroll.readiness.pace import pace_of
from composeroll.readiness.probes import choose

CHECK = Healthcheck(("/bin/sh", "-c", "curl -f http://localhost/"), timeout=7)


def route(protocol: Protocol) -> Route:
    return Route("nginx", ("g",), "backend", "/u.conf", 9000, protocol, "net")


@pytest.mark.parametrize(
    ("path", "check", "protocol", "expected"),
    [
        ("/ping", CHECK, Protocol.HTTP, "GET /ping"),
        ("/ping", CHECK, Protocol.FASTCGI, "FastCGI /ping"),
        ("/shop.Cart", CHECK, Protocol.GRPC, "gRPC health of shop.Cart"),
        ("/", None, Protocol.GRPC, "gRPC health"),
        (None, CHECK, Protocol.HTTP, "healthcheck `curl -f http://localhost/`"),
        (None, CHECK, Protocol.GRPC, "healthcheck `curl -f http://localhost/`"),
        (None, CHECK, None, "healthcheck `curl -f http://localhost/`"),
        ("/ping", CHECK, None, "healthcheck `curl -f http://localhost/`"),
        (None, None, Protocol.GRPC, "gRPC health"),
        (None, None, Protocol.FASTCGI, "port 9000 accepts"),
        (None, None, Protocol.UWSGI, "port 9000 accepts"),
        (None, None, Protocol.UDP, "stays up"),
        (None, CHECK, Protocol.UDP, "healthcheck `curl -f http://localhost/`"),
        (None, None, None, "stays up"),
    ],
)
def test_a_path_goes_before_the_healthcheck_and_the_healthcheck_before_the_port(
    path: str | None, check: Healthcheck | None, protocol: Protocol | None, expected: str
) -> None:
    probe = choose(Ready(path=path), check, route(protocol) if protocol else None)
    assert str(probe) == expected


@pytest.mark.parametrize(
    ("path", "protocol", "expected"),
    [
        ("/ping", Protocol.HTTP, "GET /ping over TLS"),
        (None, Protocol.HTTP, "port 9000 accepts"),
        (None, Protocol.GRPC, "port 9000 accepts"),
    ],
)
def test_what_nginx_speaks_tls_to_is_asked_over_tls_or_by_its_port(
    path: str | None, protocol: Protocol, expected: str
) -> None:
    probe = choose(Ready(path=path), None, replace(route(protocol), tls=True))
    assert str(probe) == expected


def test_grpc_over_tls_cannot_be_asked_for_a_service() -> None:
    with pytest.raises(SettingsError, match="with TLS"):
        choose(Ready(path="/shop.Cart"), None, replace(route(Protocol.GRPC), tls=True))


def test_a_healthcheck_in_exec_form_is_shown_as_a_shell_would_take_it() -> None:
    check = Healthcheck(("pg_isready", "-d", "my db"))
    assert str(choose(Ready(), check, None)) == "healthcheck `pg_isready -d 'my db'`"


@pytest.mark.parametrize("protocol", [Protocol.UWSGI, Protocol.TCP, Protocol.UDP])
def test_a_path_that_the_protocol_cannot_ask_for_is_an_error_that_names_the_key(
    protocol: Protocol,
) -> None:
    with pytest.raises(SettingsError, match=r"ready\.path is /ping"):
        choose(Ready(path="/ping"), None, route(protocol))


@pytest.mark.parametrize(
    ("ready", "protocol", "settle"),
    [
        (Ready(), Protocol.FASTCGI, 3),
        (Ready(), None, 3),
        (Ready(), Protocol.GRPC, 3),
        (Ready(path="/ping"), Protocol.FASTCGI, 0),
        (Ready(path="/"), Protocol.GRPC, 0),
        (Ready(settle=0), Protocol.FASTCGI, 0),
        (Ready(path="/ping", settle=8), Protocol.HTTP, 8),
    ],
)
def test_where_no_answer_proves_the_application_it_must_settle_unless_the_user_says_otherwise(
    ready: Ready, protocol: Protocol | None, settle: float
) -> None:
    probe = choose(ready, None, route(protocol) if protocol else None)
    assert pace_of(ready, probe).settle == settle
