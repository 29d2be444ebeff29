"""A server on a free loopback port whose paths name the fault it commits, and loads against it."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from tests.load.head import parse_head
from tests.load.mix import Mix
from tests.load.pace import Stop
from tests.load.result import Result
from tests.load.run import run_load
from tests.load.target import parse_target
from tests.unit.load.chats import CHATS
from tests.unit.load.faults import FAULTS, Peer

NOBODY = {
    "keepalive": 0,
    "fresh": 0,
    "post": 0,
    "half_post": 0,
    "slow": 0,
    "idle": 0,
    "websocket": 0,
}


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve within the running loop, under TLS where it is given; gives the URL without a path."""
    peers: list[Peer] = []
    handlers: list[asyncio.Task[None]] = []

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(Peer(reader, writer))
        handlers.append(asyncio.create_task(_serve(peers[-1])))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for peer in peers:
            await peer.gone()
        await asyncio.gather(*handlers)


async def _serve(peer: Peer) -> None:
    while not peer.writer.is_closing() and await _serve_one(peer):
        pass


async def _serve_one(peer: Peer) -> bool:
    try:
        head = await peer.reader.readuntil(b"\r\n\r\n")
        line, _, fields = head[:-4].partition(b"\r\n")
        headers = parse_head(b"HTTP/1.1 200\r\n" + fields).headers
        body = await peer.reader.readexactly(int(headers.get(b"content-length", b"0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    peer.requests += 1
    name = line.split()[1].decode().strip("/")
    if name in CHATS:
        await CHATS[name](peer, headers[b"sec-websocket-key"])
        return False
    await FAULTS[name](peer, body)
    return True


@contextmanager
def serving_in_thread(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve from a thread of its own, for a load in a process of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        context = serving(tls)
        yield asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(5)
        asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(5)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def load_of(path: str, tls: ssl.SSLContext | None = None, /, **changes: object) -> Result:
    """Run a mix of nobody but `changes` against one path of a fresh server."""

    async def run() -> Result:
        async with serving(tls) as url:
            return await load_on(f"{url}/{path}", **changes)

    return asyncio.run(run())


async def load_on(url: str, **changes: object) -> Result:
    """Run a mix of nobody but `changes`, without limit of rate, against a URL."""
    mix = Mix.from_json({**NOBODY, "rate": None, "timeout": 5.0, "failure_pause": 0.002, **changes})
    result, _ = await run_load(parse_target(url), mix, Stop(), limit=10)
    return result
