"""A server on a Unix socket that speaks as much HTTP as the connection's tests need."""

from __future__ import annotations

import json
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

HUNG_UP = "/hangs-up-afterwards"


class Sham(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers `/echo?…` with its query, `/slow?SECONDS` later; `/events` is one; refuses the rest.

    Whatever is posted is done once it may be.

    Attributes:
        most: how many requests were ever under way at once.
        connections: how many connections it has accepted.
        hung_up: set once it has closed one.
        closed: one for each connection that it has closed.
        posted: one for each request to do something.
        may_do: set by the test.
        done: how many of those are done.
        lasting: streams of events stay open, silent, until it closes.
        lost: no sign of life is given, as where a far engine's host has lost its power.
        asked: how often one was asked for.
    """

    daemon_threads = True
    request_queue_size = 128  # a full queue refuses a Unix socket's connect at once: EAGAIN

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Handler)
        self.lock = threading.Lock()
        self.now = self.most = self.connections = 0
        self.done = self.asked = 0
        self.lasting = self.lost = False
        self.closing = threading.Event()
        self.hung_up, self.may_do = threading.Event(), threading.Event()
        self.closed, self.posted = threading.Semaphore(0), threading.Semaphore(0)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection, and say so."""
        super().shutdown_request(request)
        self.hung_up.set()
        self.closed.release()

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Say what went wrong, but for a client that has hung up first: tests do."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Sham

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.now += 1
            self.server.most = max(self.server.most, self.server.now)
        try:
            self._answer()
        finally:
            with self.server.lock:
                self.server.now -= 1

    def do_POST(self) -> None:
        self.server.posted.release()
        self.server.may_do.wait(5)
        with self.server.lock:
            self.server.done += 1
        self.send_response(204)
        self.end_headers()

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/events":
            self._tell_one_event(query)
            return
        if path == "/_ping":
            self.server.asked += 1
            self.server.closing.wait(5 if self.server.lost else 0)
        if path == "/slow":
            time.sleep(float(query))
        known = path in {"/echo", "/slow", "/_ping", HUNG_UP}
        body = json.dumps({"message": "no such thing"} if not known else {"asked": query}).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = path == HUNG_UP

    def _tell_one_event(self, query: str) -> None:
        """A stream that falls silent or breaks after one event, which repeats its `since`."""
        since = parse_qs(query).get("since", ["the beginning"])[0]
        actor = {"ID": f"c{self.server.connections}", "Attributes": {"since": since}}
        event = {"Action": "start", "Actor": actor, "timeNano": 5_000_000_007}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(event).encode() + b"\n")
        self.server.closing.wait(30 if self.server.lasting else 0)
        self.close_connection = True

    def address_string(self) -> str:
        return "socket"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """Nothing: tests are quiet."""


@contextmanager
def sham_engine(directory: Path) -> Iterator[Sham]:
    """One that runs; its socket is `server_address`."""
    server = Sham(directory / "s.sock")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
