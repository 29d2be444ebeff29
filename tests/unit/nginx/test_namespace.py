"""Whether an edge's addresses lead into a container's network namespace, as its kernel tells."""

from __future__ import annotations

from typing import Any, cast

import pytest

from composeroll.errors import EngineError
from composeroll.model import Attachment, Output
from composeroll.nginx.processes.namespace import TABLES, is_cut_off, lacks_addresses

LOOPBACK = """Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
"""
BRIDGED = """     +-- 172.18.0.0/16 2 0 2
        |-- 172.18.0.0
           /16 link UNICAST
        |-- 172.18.0.4
           /32 host LOCAL
        |-- 172.18.255.255
           /32 link BROADCAST
"""
LO6 = "00000000000000000000000000000001 01 80 10 80       lo\n"
INET6 = f"{LO6}fd000000000000000000000000000004 02 40 00 80     eth0\n"


@pytest.mark.parametrize(
    ("text", "wanted", "nowhere"),
    [
        (LOOPBACK, ["172.18.0.4"], True),
        (LOOPBACK + BRIDGED, ["172.18.0.4"], False),
        (LOOPBACK + BRIDGED, ["172.18.0.5"], True),
        (LOOPBACK + BRIDGED, ["172.18.0.0"], True),
        (LOOPBACK + BRIDGED, ["10.0.0.7", "172.18.0.4"], False),
        (LOOPBACK + INET6, ["fd00::4"], False),
        (LOOPBACK + INET6, ["fd00:0::5"], True),
        ("", ["172.18.0.4"], False),
        (INET6, ["172.18.0.4"], False),
        (LOOPBACK, ["172.18.0.4", "fd00::4"], False),
        (LOOPBACK + INET6, ["172.18.0.4", "fd00::5"], True),
        (LOOPBACK, [], False),
    ],
)
def test_it_is_cut_off_where_the_kernel_knows_none_of_the_addresses(
    text: str, wanted: list[str], *, nowhere: bool
) -> None:
    assert lacks_addresses(text, frozenset(wanted)) is nowhere


@pytest.mark.parametrize(("text", "cut_off"), [(LOOPBACK + LO6, True), (LOOPBACK + INET6, False)])
def test_the_container_itself_is_asked_and_one_address_is_enough(
    text: str, *, cut_off: bool
) -> None:
    class Door:
        def execute(self, container: str, argv: tuple[str, ...]) -> Output:
            assert (container, argv) == ("c1", TABLES)
            return Output(1, text, "cat: /proc/net/if_inet6: No such file or directory")

    places = (Attachment("n1", "one", "172.18.0.4"), Attachment("n2", "two", ipv6="fd00::4"))
    assert is_cut_off(cast("Any", Door()), "c1", places) is cut_off


def test_one_that_ends_just_now_is_not_called_cut_off() -> None:
    class Ended:
        def execute(self, container: str, argv: tuple[str, ...]) -> Output:
            raise EngineError(f"container {container} is not running: {argv[0]}")

    assert not is_cut_off(cast("Any", Ended()), "c1", (Attachment("n1", "one", "172.18.0.4"),))
