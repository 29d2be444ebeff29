# ruff: noqa: INP001 (a program that is copied into an image, not a module)
"""A small websocket server: it greets, says again what it hears, and says goodbye with 1001."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from http import HTTPStatus

import redis.asyncio as redis
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

PORT = int(os.environ.get("WS_PORT", "9300"))
STORE = redis.Redis(
    host=os.environ.get("REDIS_HOST", "redis"),
    port=int(os.environ.get("REDIS_PORT", "6379")),
    password=os.environ.get("REDIS_PASS") or None,
    socket_connect_timeout=0.5,
)


async def visits() -> int | None:
    """How many websockets were opened so far; None where redis does not answer."""
    try:
        return int(await STORE.incr("websockets"))
    except redis.RedisError:
        return None


async def converse(websocket: ServerConnection) -> None:
    """Greet, then echo until the client leaves."""
    greeting = {
        "image": os.environ.get("IMAGE_VERSION", "unknown"),
        "container": socket.gethostname(),
        "visits": await visits(),
    }
    await websocket.send(json.dumps(greeting))
    async for message in websocket:
        await websocket.send(message)


def healthz(websocket: ServerConnection, request: Request) -> Response | None:
    """Answer the health check; let all else be a websocket."""
    if request.path == "/healthz":
        return websocket.respond(HTTPStatus.OK, "ok\n")
    return None


async def main() -> None:
    """Serve until SIGTERM; closing the server closes every websocket with 1001, going away."""
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
    async with serve(converse, None, PORT, process_request=healthz):
        await told_to_stop.wait()


asyncio.run(main())
