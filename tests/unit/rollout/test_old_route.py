"""The way by which nginx leads to old replicas, where the file has another one by now."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from composeroll.model import Server, Upstream
from tests.unit.rollout.makers import replica, wiring

OLD = replica(1)
ROUTE = replace(wiring().route, port=8080)
SPARE = Server("backup.example.com:443", ("backup",))


@pytest.mark.parametrize(
    ("servers", "port"),
    [
        ((Server("10.0.0.1:9000"),), 9000),
        ((Server("10.0.0.1:8080"),), 8080),
        ((Server("app:9000"),), 9000),
        ((Server("10.0.0.9:9000"),), 8080),
        ((SPARE, Server("app:9000")), 9000),
        ((SPARE, Server("10.0.0.1:8080")), 8080),
        ((Server("127.0.0.1:81", ("down",)),), 8080),
    ],
)
def test_the_port_is_the_one_that_nginx_was_told(servers: tuple[Server, ...], port: int) -> None:
    """Of a server that only steps in, or that nobody asks, it says nothing."""
    assert ROUTE.as_known_to(Upstream("app", servers), [OLD]).port == port


def test_each_replica_has_the_address_that_names_it() -> None:
    mixed = Upstream("app", (Server("10.0.0.1:9000"), Server("10.0.0.2:8080")))
    assert ROUTE.named_by(mixed, OLD) == "10.0.0.1:9000"
    assert ROUTE.named_by(mixed, replica(2)) == "10.0.0.2:8080"
    assert ROUTE.named_by(mixed, replica(3)) == ""
