"""Loopback servers that answer well, badly, late or never."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from composeroll.readiness.fastcgi import Record

Serve = Callable[[socket.socket], None]


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """A server on a free port, one connection after the other; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, serve))
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def closed_address() -> str:
    """An address where nothing listens, and nobody else can meanwhile."""
    return f"127.0.0.1:{_deaf().getsockname()[1]}"


@cache
def _deaf() -> socket.socket:
    """A socket that has a port of its own and does not listen, as long as the tests run."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


def answering(*answers: bytes) -> Serve:
    """Read a little and send the next answer; the last one for ever."""
    left = list(answers)

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])
        connection.shutdown(socket.SHUT_WR)
        silent(connection)

    return serve


def silent(connection: socket.socket) -> None:
    """Accept and say nothing until the other side has gone."""
    while connection.recv(65536):
        pass


def http_answer(status: int, body: str = "") -> bytes:
    """A response with a length."""
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def php_fpm(ping: str) -> Serve:
    """As php-fpm does: `pong` for its ping.path, 404 with a complaint for what is no script."""

    def serve(connection: socket.socket) -> None:
        variables = _variables(connection)
        if variables.get("SCRIPT_NAME") == ping and variables.get("SCRIPT_FILENAME"):
            connection.sendall(cgi(b"Content-type: text/plain\r\n\r\npong"))
        else:
            missing = b"Status: 404 Not Found\r\n\r\nFile not found.\n"
            complaint = record(Record.STDERR, b"Primary script unknown")
            connection.sendall(complaint + cgi(missing))

    return serve


def cgi(document: bytes, refusal: int = 0) -> bytes:
    """A CGI document as STDOUT records, then END_REQUEST."""
    end = struct.pack(">IB3x", 0, refusal)
    return (
        record(Record.STDOUT, document)
        + record(Record.STDOUT, b"")
        + record(Record.END_REQUEST, end)
    )


def record(kind: Record, content: bytes, padding: int = 3) -> bytes:
    """One record; padded, as a server may."""
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), padding) + content + b"\0" * padding


def _variables(connection: socket.socket) -> dict[str, str]:
    params = b""
    with connection.makefile("rb") as stream:
        while True:
            _, kind, _, length, padding = struct.unpack(">BBHHBx", stream.read(8))
            content = stream.read(length + padding)[:length]
            if kind == Record.STDIN and not content:
                return dict(_pairs(params))
            params += content if kind == Record.PARAMS else b""


def _pairs(params: bytes) -> Iterator[tuple[str, str]]:
    while params:
        name, params = _length(params)
        value, params = _length(params)
        yield params[:name].decode(), params[name : name + value].decode()
        params = params[name + value :]


def _length(data: bytes) -> tuple[int, bytes]:
    if data[0] < 128:
        return data[0], data[1:]
    return int.from_bytes(data[:4], "big") & 0x7FFFFFFF, data[4:]


def _accept(listener: socket.socket, serve: Serve) -> None:
    # The listener's shutdown ends accept; a client that leaves early is part of the tests.
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError, struct.error):
                serve(connection)
