"""What old workers hold, from their sockets and the kernel's tables."""

from __future__ import annotations

import pytest

from composeroll.model import Held
from composeroll.nginx.configuration.pairing import Pairing
from composeroll.nginx.configuration.syntax import Place
from composeroll.nginx.processes.held import held_by_workers, parse_sockets

OURS = "10.0.0.5"
PAIRING = Pairing(ending=frozenset({9300}), reusing={9000: Place("/etc/nginx/nginx.conf", 7)})
PORT_80 = "00000000:0050 00000000:0000 0A"
CLIENT = "0200000A:0050 6300000A:D431 01"
TO_OURS = "0200000A:9C40 0500000A:2328 01"
TO_WEBSOCKET = "0200000A:9C42 0700000A:2454 01"
TO_PHP_ELSEWHERE = "0200000A:9C44 0800000A:2328 01"
CONNECTING = "0200000A:9C46 0700000A:2454 02"
TO_NOBODY_KNOWN = "0200000A:9C48 0700000A:0CEA 01"
TO_DNS = "0200000A:9C4A 0B00007F:0035 01"
HALF_CLOSED_CLIENT = "0200000A:0050 6300000A:D432 08"


def printed(*workers: tuple[str, ...]) -> str:
    """The script's output for workers with these sockets, numbered from 100 up."""
    ports = iter(range(100, 200))
    rows = {str(next(ports)): (at, row) for at, rows in enumerate(workers) for row in rows}
    text = ""
    for at in range(len(workers)):
        text += f"worker {at}\ntotal 0\nlrwx------ 1 w w 64 Nov 1 10:00 0 -> /dev/null\n"
        text += "lrwx------ 1 w w 64 Nov 1 10:00 3 -> socket:[7]\n"
        text += "lrwx------ 1 w w 64 Nov 1 10:00 4 -> socket:[8]\n"
        own = [inode for inode, (whose, _) in rows.items() if whose == at]
        text += "".join(f"lrwx------ 1 w w 64 Nov 1 10:00 9 -> socket:[{i}]\n" for i in own)
    text += "table tcp\n  sl  local_address rem_address st tx_queue tr tm->when\n"
    everything = {"1": (0, PORT_80), **rows}
    for inode, (_, row) in everything.items():
        text += f"   0: {row} 00000000:00000000 00:00000000 00000000 33 0 {inode} 1 0 20 4\n"
    text += "table udp\n  0: 0100007F:D1BA 0B00007F:0035 01 0:0 00:0 0 33 0 8 2 0 0\n"
    return text + "table unix\n0000: 00000003 00000000 00000000 0001 03 7\n"


def held(*workers: tuple[str, ...]) -> Held:
    look = parse_sockets(printed(*workers))
    assert look
    return held_by_workers(look, {OURS}, PAIRING)


def test_a_websocket_to_another_service_is_a_pair_that_asks_for_nothing_more() -> None:
    found = held((CLIENT, TO_WEBSOCKET, TO_DNS))
    assert (found.workers, found.waiting, found.unknown) == (1, 0, "")
    assert (len(found.elsewhere), len(found.leaving)) == (1, 0)


def test_a_request_that_an_outgoing_replica_answers_is_its_own() -> None:
    found = held((CLIENT, TO_OURS))
    assert (len(found.leaving), found.waiting) == (1, 0)


def test_an_address_is_the_same_however_it_is_spelt() -> None:
    look = parse_sockets(
        printed((CLIENT, "0200000A:9C40 000000FD000000000000000005000000:2328 01"))
    )
    assert look
    assert len(held_by_workers(look, {"fd00:0::5"}, PAIRING).leaving) == 1


@pytest.mark.parametrize(
    "sockets",
    [
        (CLIENT,),
        (HALF_CLOSED_CLIENT,),
        (CLIENT, CLIENT, TO_WEBSOCKET),
        (CLIENT, CONNECTING),
        (CLIENT, TO_NOBODY_KNOWN),
        (TO_WEBSOCKET,),
    ],
)
def test_a_client_whose_request_nobody_has_may_still_ask_for_anything(
    sockets: tuple[str, ...],
) -> None:
    assert held(sockets).waiting


def test_one_workers_websocket_does_not_stand_for_anothers_client() -> None:
    assert held((CLIENT,), (CLIENT, CLIENT, TO_WEBSOCKET)).waiting == 2
    assert held((CLIENT,), (TO_WEBSOCKET,)).waiting == 2


def test_where_a_client_may_use_its_connection_again_the_place_is_named() -> None:
    found = held((CLIENT, TO_PHP_ELSEWHERE))
    assert found.waiting
    assert "nginx.conf:7" in found.unknown


def test_a_socket_that_is_in_no_table_is_not_passed_over() -> None:
    text = printed((CLIENT, TO_WEBSOCKET)).replace("table tcp", "-> socket:[66]\ntable tcp")
    look = parse_sockets(text)
    assert look
    assert held_by_workers(look, {OURS}, PAIRING).waiting == 1


@pytest.mark.parametrize("text", ["", "worker 7\nunreadable\n" + printed(), "table tcp\n"])
def test_what_cannot_be_read_is_no_look(text: str) -> None:
    assert parse_sockets(text) is None


def test_nobody_who_shuts_down_holds_nothing() -> None:
    assert held() == Held()
