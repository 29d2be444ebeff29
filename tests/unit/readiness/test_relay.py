"""Relays, run on this machine instead of in a gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from composeroll.errors import EngineError, Refused
from composeroll.model import Output, Protocol
from composeroll.readiness.answer import Answer
from composeroll.readiness.attempt import Attempt
from composeroll.readiness.dialers import Dialers
from composeroll.readiness.direct import DirectDialer, split
from composeroll.readiness.pipe import OpenPipes
from composeroll.readiness.probes import FastcgiProbe, HttpProbe, TcpProbe
from composeroll.readiness.relay import BASH, PYTHON, Relay, find_relay, netcat
from composeroll.readiness.relayed import RelayDialer
from tests.unit.readiness.engine import Host, route
from tests.unit.readiness.servers import (
    answering,
    closed_address,
    http_answer,
    php_fpm,
    serving,
    silent,
)

OK = ((200, 399),)

OPENBSD = """\
usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
\t\t-w timeout\tTimeout for connects and final net reads
\t\t-z\t\tZero-I/O mode [used for scanning]
"""
BUSYBOX = """\
Usage: nc [-iN] [-wN] [-l] [-p PORT] [-f FILE|IPADDR PORT] [-e PROG]
\t-w SEC\tConnect timeout
\t-e PROG\tRun PROG after connect
"""


@pytest.fixture
def host() -> Iterator[Host]:
    """This machine as the gateway; every relay that was started there must end by itself."""
    machine = Host()
    yield machine
    for process in machine.started:
        process.wait(timeout=5)


@pytest.fixture(params=[BASH, PYTHON], ids=["bash", "python3"])
def relay(request: pytest.FixtureRequest) -> Relay:
    found = request.param
    assert isinstance(found, Relay)
    return found


Ask = Callable[[HttpProbe | FastcgiProbe | TcpProbe, str], Answer]


@pytest.fixture
def ask(host: Host, relay: Relay) -> Ask:
    """Ask once through the relay."""
    pipes = OpenPipes(RelayDialer(host, "gateway", relay))
    return lambda probe, address: Attempt(probe, "", address, host, pipes)(5)


def test_an_answer_through_a_relay_is_the_answer(ask: Ask) -> None:
    with serving(answering(http_answer(503, "no database"))) as address:
        answer = ask(HttpProbe("/", None, OK), address)
    assert (answer.good, answer.said, answer.output) == (False, "answered 503", ("no database",))


def test_binary_bytes_pass_a_relay_unchanged(ask: Ask) -> None:
    with serving(php_fpm("/ping")) as address:
        assert ask(FastcgiProbe("/ping", OK), address).output == ("pong",)


def test_a_relay_knows_an_open_port_from_a_closed_one(ask: Ask) -> None:
    with serving(silent) as address:
        assert ask(TcpProbe(1), address).good
    closed = ask(TcpProbe(1), closed_address())
    assert not closed.good
    assert "refused" in closed.said


def test_a_request_to_a_closed_port_fails_through_a_relay(ask: Ask) -> None:
    assert not ask(HttpProbe("/", None, OK), closed_address()).good


def test_a_relay_ends_when_we_hang_up_on_a_silent_server(host: Host, relay: Relay) -> None:
    with serving(silent) as address:
        pipe = RelayDialer(host, "gateway", relay).dial(address, 5)
        pipe.sendall(b"anybody?")
        pipe.close()
        assert host.started[0].wait(timeout=5) is not None


def test_bash_is_taken_where_it_is_and_python_where_nothing_else_is() -> None:
    assert find_relay(Host(), "gateway") is BASH
    assert find_relay(Host("bash", "nc", "busybox", "socat"), "gateway") is PYTHON


def test_a_gateway_without_any_relay_is_refused_with_what_to_add() -> None:
    bare = Host("bash", "nc", "busybox", "socat", "python3")
    with pytest.raises(Refused) as error:
        find_relay(bare, "gateway")
    assert "HEALTHCHECK" in str(error.value.help)


def test_an_engine_that_raises_for_a_missing_program_is_asked_for_the_next() -> None:
    class Strict(Host):
        def execute(self, *args: object, **_: object) -> Output:
            raise EngineError(f"no such program: {args}")

    with pytest.raises(Refused):
        find_relay(Strict(), "gateway")


@pytest.mark.parametrize(
    ("usage", "touch"),
    [
        (OPENBSD, ("nc", "-w", "2", "-z", "10.0.0.2", "80")),
        (BUSYBOX, ("nc", "-w", "2", "10.0.0.2", "80", "-e", "true")),
    ],
)
def test_a_netcat_is_used_by_the_options_it_has(usage: str, touch: tuple[str, ...]) -> None:
    relay = netcat(("nc",), Output(1, stderr=usage))
    assert relay
    assert relay.touch("10.0.0.2", "80") == touch
    assert relay.carry("10.0.0.2", "80") == ("nc", "10.0.0.2", "80")


def test_a_netcat_that_cannot_tell_an_open_port_is_not_used() -> None:
    assert netcat(("nc",), Output(1, stderr="usage: nc HOST PORT")) is None


def test_a_local_network_is_dialled_directly_and_another_through_the_gateway() -> None:
    way = route("127.0.0.1:80", Protocol.HTTP)
    assert isinstance(Dialers(Host(), lambda _: True).for_route(way), DirectDialer)
    assert isinstance(Dialers(Host(), lambda _: False).for_route(way), RelayDialer)


def test_an_ipv6_address_loses_its_brackets() -> None:
    assert split("[fd00::2]:9000") == ("fd00::2", 9000)
