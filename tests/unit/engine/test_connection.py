"""Requests over kept connections, against a server that can misbehave."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from composeroll.engine.api.connection import Api
from composeroll.engine.api.transport import DialStdio, UnixSocket
from composeroll.engine.side_by_side import side_by_side
from composeroll.errors import EngineError, EngineUnreachable
from tests.unit.engine.sham import HUNG_UP, Sham, sham_engine


@pytest.fixture
def sham(tmp_path: Path) -> Iterator[Sham]:
    """The server."""
    with sham_engine(tmp_path) as server:
        yield server


@pytest.fixture
def api(sham: Sham) -> Iterator[Api]:
    """The Engine API at the server."""
    api = Api(UnixSocket(str(sham.server_address)))
    yield api
    api.close()


class Alarm(Exception):
    """What the signal handler of a program raises."""


@pytest.fixture
def alarm() -> Iterator[Callable[[], object]]:
    """Sends a signal whose handler raises, a moment from when it is called."""

    def ring(*_: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    yield partial(signal.setitimer, signal.ITIMER_REAL, 0.1)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_calls_one_after_another_share_one_connection(api: Api, sham: Sham) -> None:
    for number in range(20):
        assert api.get("/echo", {"n": str(number)}).json() == {"asked": f"n={number}"}
    assert sham.connections == 1


def test_threads_never_receive_each_others_answers(api: Api) -> None:
    def ask(number: int) -> bool:
        return bool(api.get("/echo", {"n": str(number)}).json() == {"asked": f"n={number}"})

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(200)))


def test_after_an_interrupted_call_the_next_one_gets_its_own_answer(
    api: Api, alarm: Callable[[], object]
) -> None:
    api.get("/echo")
    with pytest.raises(Alarm):
        interrupted(api, alarm)
    assert api.get("/echo", {"n": "mine"}).json() == {"asked": "n=mine"}


def interrupted(api: Api, alarm: Callable[[], object]) -> None:
    """A call that an alarm ends."""
    alarm()
    api.get("/slow?5")


def test_a_kept_connection_that_the_engine_has_closed_is_replaced(api: Api, sham: Sham) -> None:
    api.get(HUNG_UP)
    assert sham.hung_up.wait(5)
    assert api.get("/echo", {"n": "1"}).json() == {"asked": "n=1"}
    assert sham.connections == 2


def test_never_more_connections_than_the_transport_allows(sham: Sham) -> None:
    transport = UnixSocket(str(sham.server_address))
    transport.limit = 3
    api = Api(transport)
    side_by_side(lambda _: api.get("/slow?0.2"), range(12))
    api.close()
    assert sham.most == 3
    assert sham.connections == 3


def test_a_refusal_is_told_in_the_engines_words(api: Api) -> None:
    with pytest.raises(EngineError, match="no such thing") as caught:
        api.get("/nonsense")
    assert caught.value.evidence == ("GET /nonsense answered 404",)
    assert not api.get("/nonsense", fine=(404,)).found


def test_an_engine_that_stays_silent_is_unreachable_in_time(api: Api) -> None:
    with pytest.raises(EngineUnreachable, match=r"did not answer within 0\.1 s"):
        api.send("GET", "/slow?5", timeout=0.1)


def test_no_socket_is_unreachable_with_advice(tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachable, match="no engine answers at unix://") as caught:
        Api(UnixSocket(str(tmp_path / "nothing.sock"))).get("/_ping")
    assert "docker info" in (caught.value.help or "")


def test_a_way_through_docker_that_fails_tells_what_docker_said() -> None:
    says = "echo ssh: connection refused >&2; echo twice >&2; exit 1"
    api = Api(DialStdio(["sh", "-c", says, "docker"]))
    with pytest.raises(EngineUnreachable) as caught:
        api.get("/_ping")
    assert caught.value.what == "no engine answers: ssh: connection refused"
    assert caught.value.evidence == ("twice",)
    assert caught.value.serving == "no container was touched"


def test_no_docker_at_all_is_unreachable() -> None:
    with pytest.raises(EngineUnreachable, match="docker cannot be run"):
        Api(DialStdio(["/nowhere/docker"])).get("/_ping")


def test_side_by_side_ends_every_call_before_it_raises() -> None:
    done: list[int] = []

    def call(number: int) -> None:
        if number == 1:
            raise EngineError("first")
        done.append(number)

    with pytest.raises(EngineError, match="first"):
        side_by_side(call, range(5))
    assert sorted(done) == [0, 2, 3, 4]
