"""Under TLS the same ends are told apart, and what TLS itself says is none of them."""

from __future__ import annotations

import asyncio
import select
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.load import Event, Failure
from tests.load.connection import Connection, connect
from tests.load.target import parse_target
from tests.unit.load.server import load_of, load_on, serving_in_thread

CERTIFICATE = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl program")


@pytest.fixture(
    scope="module",
    params=[pytest.param(version, id=version.name, marks=needs_openssl) for version in VERSIONS],
)
def tls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's side, with a certificate that its clients do not look at."""
    folder: Path = tmp_path_factory.mktemp("tls")
    files = ("-keyout", folder / "key", "-out", folder / "certificate", "-subj", "/CN=localhost")
    subprocess.run(["openssl", "req", *CERTIFICATE, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    context.maximum_version = request.param
    return context


def test_a_good_server_loses_nothing(tls: ssl.SSLContext) -> None:
    chat = {"websocket": 1, "websocket_path": "/ws_echo", "websocket_pause": 0.01}
    result = load_of("ok", tls, each=5, fresh=1, keepalive=1, post=1, idle=1, idle_pause=0, **chat)
    assert (result.failures(), result.events) == ({}, {})
    assert result.total == 25


@pytest.mark.parametrize("path", ["closes_idle", "resets_idle"])
def test_an_idle_connection_closed_by_the_server_is_noticed_and_no_failure(
    tls: ssl.SSLContext, path: str
) -> None:
    result = load_of(path, tls, each=3, idle=1, idle_pause=0.03)
    assert (result.failures(), result.total) == ({}, 3)
    assert result.events == {Event.IDLE_CLOSED: 2}


def test_a_goodbye_that_the_event_loop_has_not_read_yet_is_one_too(tls: ssl.SSLContext) -> None:
    async def look(url: str) -> Connection:
        connection = await connect(parse_target(url), 5)
        await connection.send(b"GET /closes_late HTTP/1.1\r\nHost: a\r\n\r\n", 5)
        assert await connection.reusable()
        assert hold_up_the_loop_until_there_is_more(connection)
        assert not connection.closed
        assert not await connection.reusable()
        return connection

    with serving_in_thread(tls) as url:
        looked = asyncio.run(look(url))
    assert (looked.closed, looked.unsolicited) == (True, b"")


def hold_up_the_loop_until_there_is_more(connection: Connection) -> bool:
    return bool(select.select([connection.sock], [], [], 5)[0])


def test_bytes_on_an_idle_connection_are_malformed(tls: ssl.SSLContext) -> None:
    result = load_of("unasked", tls, each=2, idle=1, idle_pause=0.03)
    assert result.failures() == {Failure.MALFORMED: 1}


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("reset", Failure.RESET),
        ("empty", Failure.EMPTY_REPLY),
        ("short_body", Failure.TRUNCATED),
        ("error_502", Failure.SERVER_ERROR),
    ],
)
def test_a_failing_server_is_seen(tls: ssl.SSLContext, path: str, failure: Failure) -> None:
    result = load_of(path, tls, each=2, fresh=1)
    assert result.failures() == {failure: 2}


def test_a_server_that_never_shakes_hands_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        clients = {"fresh": 1, "websocket": 1, "websocket_path": "/"}
        result = asyncio.run(load_on(url, each=1, connect_timeout=0.1, **clients))
    assert result.failures() == {Failure.CONNECT_TIMEOUT: 2}
    assert result.ended - result.began < 10
