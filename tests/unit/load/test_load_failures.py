"""Every way to lose a request is seen, and lands in its own class."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.load import Event, Failure, Kind
from tests.unit.load.server import load_of, load_on


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("reset", Failure.RESET),
        ("reset_amid", Failure.RESET),
        ("empty", Failure.EMPTY_REPLY),
        ("short_body", Failure.TRUNCATED),
        ("short_chunks", Failure.TRUNCATED),
        ("short_head", Failure.TRUNCATED),
        ("error_502", Failure.SERVER_ERROR),
        ("not_found", Failure.UNEXPECTED_STATUS),
        ("hang", Failure.TIMEOUT),
        ("garbage", Failure.MALFORMED),
        ("bad_chunk", Failure.MALFORMED),
        ("surplus", Failure.MALFORMED),
    ],
)
@pytest.mark.parametrize("kind", ["fresh", "keepalive", "post"])
def test_a_failing_server_is_seen_by_every_kind_of_client(
    path: str, failure: Failure, kind: str
) -> None:
    timeout = 0.1 if failure is Failure.TIMEOUT else 5.0
    result = load_of(path, each=2, timeout=timeout, **{kind: 1})
    assert result.failures() == {failure: 2}
    assert result.requests() == {Kind[kind.upper()]: 2}


@pytest.mark.parametrize("path", ["stale_fin", "stale_reset"])
@pytest.mark.parametrize("kind", ["keepalive", "post", "idle"])
def test_a_kept_connection_that_goes_away_under_a_request_is_stale_reuse(
    path: str, kind: str
) -> None:
    result = load_of(path, each=4, idle_pause=0.01, **{kind: 1})
    assert result.failures() == {Failure.STALE_REUSE: 2}
    assert result.total == 4


@pytest.mark.parametrize("path", ["closes_idle", "resets_idle"])
def test_an_idle_connection_closed_by_the_server_is_noticed_and_no_failure(path: str) -> None:
    result = load_of(path, each=3, idle=1, idle_pause=0.03)
    assert (result.failures(), result.total) == ({}, 3)
    assert result.events == {Event.IDLE_CLOSED: 2}


def test_a_client_that_does_not_look_runs_into_the_closed_connection() -> None:
    result = load_of("closes_idle", each=4, naive=1, rate=30)
    assert result.failures() == {Failure.STALE_REUSE: 2}


def test_bytes_on_an_idle_connection_are_malformed() -> None:
    result = load_of("unasked", each=2, idle=1, idle_pause=0.03)
    assert result.failures() == {Failure.MALFORMED: 1}


def test_an_echo_that_differs_is_a_wrong_body() -> None:
    result = load_of("wrong_echo", each=2, post=1, half_post=1, half_pause=(0, 0.01), echo=True)
    assert result.failures() == {Failure.WRONG_BODY: 4}


def test_a_server_that_drops_a_half_sent_body_is_seen() -> None:
    result = load_of("reset", each=2, half_post=1, half_pause=(0, 0.01))
    assert result.failures() == {Failure.RESET: 2}


def test_nobody_listening_is_a_refused_connection() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        result = asyncio.run(load_on(url, each=1, fresh=1, websocket=1, websocket_path="/"))
    assert result.failures() == {Failure.CONNECT_REFUSED: 2}


def test_a_server_that_never_accepts_is_a_connect_timeout() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        queued = [socket.socket() for _ in range(4)]
        for sock in queued:
            sock.settimeout(0)
            sock.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        result = asyncio.run(load_on(url, each=1, fresh=2, connect_timeout=0.05))
        for sock in queued:
            sock.close()
    assert result.failures() == {Failure.CONNECT_TIMEOUT: 2}


def test_the_first_failures_of_a_class_keep_their_detail() -> None:
    result = load_of("error_502", each=7, fresh=1)
    assert [example.detail for example in result.examples] == ["status 502: b'bad gateway'"] * 5
    assert {example.kind for example in result.examples} == {Kind.FRESH}
