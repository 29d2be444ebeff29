"""Connections as the kernel prints them."""

from __future__ import annotations

import pytest

from composeroll.nginx.processes.sockets import connections_by_address, count, endpoint

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"


def row(remote: str, state: str) -> str:
    return f"   0: 0100007F:0050 {remote} {state} 00000000:00000000 00:00000000 00000000 0 0 1\n"


@pytest.mark.parametrize(
    ("hexadecimal", "written"),
    [
        ("0500000A:2328", "10.0.0.5:9000"),
        ("0000000000000000FFFF00000500000A:2328", "10.0.0.5:9000"),
        ("000000FD000000000000000005000000:1F40", "[fd00::5]:8000"),
        ("00000000000000000000000001000000:0050", "[::1]:80"),
    ],
)
def test_an_endpoint_is_written_as_nginx_reads_it(hexadecimal: str, written: str) -> None:
    assert endpoint(hexadecimal) == written


def test_only_established_connections_count() -> None:
    text = HEAD + row("0500000A:2328", "01") * 2 + row("0500000A:2328", "06") + HEAD
    assert sum(connections_by_address(text).values()) == 2


def test_addresses_without_connections_count_zero_however_they_are_spelt() -> None:
    text = HEAD + row("000000FD000000000000000005000000:1F40", "01")
    asked = ("[fd00:0::5]:8000", "10.0.0.5:9000", "app:80")
    assert count(text, asked) == {"[fd00:0::5]:8000": 1, "10.0.0.5:9000": 0, "app:80": 0}
