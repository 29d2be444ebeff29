# ruff: noqa: INP001 (a program that is copied into an image, not a module)
"""The HTTP service of the end-to-end tests: a server small enough to be broken on purpose.

    /            who answers: version and container, as JSON
    /slow?s=3    the same, after so many seconds
    /post        a POST gets back what it sent, in "body"
    /ws          a websocket: greets with who answers, then echoes
    /healthz     200 "ok"

The environment breaks it. BROKEN is one of

    exits-at-once       ends with 3 before it listens
    never-listens       runs, but no port opens
    answers-500         answers 500 on every path
    unhealthy           answers 500 on /healthz, and 200 elsewhere
    fails-healthcheck   see check.py
    dies-soon           listens for one second, then ends with 3
    errs                answers every third request with 500, but never on /healthz

STOP=at-once ends it on SIGTERM at once, in the middle of requests.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import os
import signal
import socket
import struct
import sys
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

PORT = 8000
BROKEN = os.environ.get("BROKEN", "")
TURN = itertools.count(1)
WHO = {"image": os.environ.get("IMAGE_VERSION", "unknown"), "container": socket.gethostname()}

WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""The constant of RFC 6455, section 1.3."""
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
GOING_AWAY = 1001
GOODBYE_WITHIN = 5.0
"""Seconds that a client has to answer a close frame."""


@dataclass(frozen=True)
class Request:
    """One request, read to its end. The names of `headers` are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def seconds(self) -> float:
        """What `?s=` asks for; 3 where it is not there."""
        return float(parse_qs(urlsplit(self.target).query).get("s", ["3"])[0])


class App:
    """The server, and what it has to end before it may go."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.idle: set[asyncio.Task[None]] = set()
        self.connections: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Serve until told to stop, then end what runs."""
        server = await asyncio.start_server(self.connected, None, PORT, backlog=4096)
        await self.stopping.wait()
        server.close()
        for task in self.idle:
            task.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until one side closes it."""
        task = asyncio.current_task()
        assert task
        self.connections.add(task)
        try:
            while await self.converse(task, reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self.connections.discard(task)
            writer.close()

    async def converse(
        self,
        task: asyncio.Task[None],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """One request and its answer; whether the connection stays open."""
        self.idle.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        finally:
            self.idle.discard(task)
        request = await read(head, reader)
        if "websocket" in request.headers.get("upgrade", ""):
            await Websocket(reader, writer).converse(request, self.stopping)
            return False
        status, answer = await respond(request)
        stays = request.headers.get("connection") != "close" and not self.stopping.is_set()
        writer.write(reply(status, answer, stays=stays))
        await writer.drain()
        return stays


async def read(head: bytes, reader: asyncio.StreamReader) -> Request:
    """The request that begins with `head`."""
    first, *rows = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (row.partition(":") for row in rows)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


async def respond(request: Request) -> tuple[int, dict[str, str]]:
    """Status and answer."""
    if BROKEN == "answers-500" or (BROKEN == "unhealthy" and request.path == "/healthz"):
        return 500, {**WHO, "error": "broken on purpose"}
    if BROKEN == "errs" and request.path != "/healthz" and next(TURN) % 3 == 0:
        print(f"could not answer {request.target}", flush=True)
        return 500, {**WHO, "error": "broken now and then"}
    if request.path == "/slow":
        await asyncio.sleep(request.seconds)
    if request.method == "POST":
        return 200, {**WHO, "body": request.body.decode("utf-8", "replace")}
    return 200, WHO


def reply(status: int, answer: dict[str, str], *, stays: bool) -> bytes:
    """The answer's bytes."""
    body = json.dumps(answer).encode() + b"\n"
    head = (
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Internal Server Error'}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Image: {WHO['image']}\r\n"
        f"Connection: {'keep-alive' if stays else 'close'}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class Websocket:
    """One websocket, as far as an echo needs it: whole frames of less than 64 KiB."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    said_goodbye: bool = False

    async def converse(self, request: Request, stopping: asyncio.Event) -> None:
        """Greet and echo; on a stop, close with 1001 and wait for the client's goodbye."""
        self.accept(request.headers["sec-websocket-key"])
        self.send(TEXT, json.dumps(WHO).encode())
        echo = asyncio.create_task(self.echo())
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait((echo, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not echo.done():
            self.send(CLOSE, struct.pack(">H", GOING_AWAY))
        await asyncio.wait_for(echo, GOODBYE_WITHIN)

    def accept(self, key: str) -> None:
        """Answer the handshake."""
        digest = hashlib.sha1(key.encode() + WEBSOCKET_GUID, usedforsecurity=False).digest()
        self.writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )

    async def echo(self) -> None:
        """Say again what the client says, until it closes."""
        closing = False
        while not closing:
            kind, payload = await self.receive()
            closing = kind == CLOSE
            if kind != PONG and not self.said_goodbye:
                self.send(PONG if kind == PING else kind, payload)
                await self.writer.drain()

    async def receive(self) -> tuple[int, bytes]:
        """The next frame's kind and unmasked payload."""
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", await self.reader.readexactly(2))
        mask = await self.reader.readexactly(4)
        masked = await self.reader.readexactly(length)
        return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(masked))

    def send(self, kind: int, payload: bytes) -> None:
        """Write one frame."""
        self.said_goodbye |= kind == CLOSE
        size = len(payload)
        head = struct.pack(">BBH", 0x80 | kind, 126, size) if size > 125 else None
        self.writer.write((head or bytes((0x80 | kind, size))) + payload)


async def main() -> None:
    """Run as BROKEN and STOP say."""
    app = App()
    loop = asyncio.get_running_loop()
    at_once = os.environ.get("STOP") == "at-once"
    loop.add_signal_handler(signal.SIGTERM, lambda: os._exit(0) if at_once else app.stopping.set())
    if BROKEN == "exits-at-once":
        sys.exit(3)
    if BROKEN == "never-listens":
        await app.stopping.wait()
        return
    if BROKEN == "dies-soon":
        loop.call_later(1, os._exit, 3)
    await app.serve()


if __name__ == "__main__":
    asyncio.run(main())
