"""A backend that nginx speaks TLS to is asked over TLS."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from composeroll.readiness.answer import Answer
from composeroll.readiness.attempt import Attempt
from composeroll.readiness.direct import DirectDialer
from composeroll.readiness.pipe import OpenPipes
from composeroll.readiness.probes import HttpProbe

OK = ((200, 399),)
CERTIFICATE = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl program")


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """What a server needs for speaking TLS."""
    files = ("-keyout", tmp_path / "key", "-out", tmp_path / "certificate", "-subj", "/CN=x")
    subprocess.run(["openssl", "req", *CERTIFICATE, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    return context


@pytest.fixture
def address(context: ssl.SSLContext) -> Iterator[str]:
    """Where one answers 200 to whoever speaks TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer, args=(server, context), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def _answer(server: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        plain, _ = server.accept()
        with plain, context.wrap_socket(plain, server_side=True) as client:
            client.recv(1000)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def asked(address: str, probe: HttpProbe, limit: float = 5.0) -> Answer:
    """What comes of it."""
    door = cast("Any", None)  # nothing is run in a container
    return Attempt(probe, "x", address, door, OpenPipes(DirectDialer()))(limit)


def test_it_answers_over_tls_alone(address: str) -> None:
    assert asked(address, HttpProbe("/ping", None, OK, tls=True)).said == "answered 200"


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("www.example.org", True),
        ("www.example.org:8443", True),
        ("[fd00::5]:8443", False),
        ("www..example.org", False),
        (".example.org", False),
        (None, False),
    ],
)
def test_a_server_that_wants_to_be_asked_for_by_name_is_asked_for_the_host(
    context: ssl.SSLContext, address: str, host: str | None, *, good: bool
) -> None:
    """As Caddy does, or an nginx with `ssl_reject_handshake`."""
    strange = ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    context.sni_callback = lambda _, name, __: None if name == "www.example.org" else strange
    assert asked(address, HttpProbe("/ping", host, OK, tls=True)).good is good


def test_plain_words_are_no_answer_to_it(address: str) -> None:
    assert not asked(address, HttpProbe("/ping", None, OK)).good


def test_one_that_never_shakes_hands_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        assert not asked(place, HttpProbe("/ping", None, OK, tls=True), 0.2).good
