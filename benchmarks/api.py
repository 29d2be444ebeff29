"""The Engine API, bare: `http.client` over the engine's socket."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any, TypeVar
from urllib.parse import urlencode

SOCKET = "/var/run/docker.sock"
AT_ONCE = 32

Item = TypeVar("Item")
Result = TypeVar("Result")

_kept = local()


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def call(
    method: str, path: str, query: Mapping[str, object] | None = None, body: object = None
) -> Any:  # noqa: ANN401 the engine's JSON
    """One call on this thread's own connection; the answer's JSON, or its text where it is none."""
    if not hasattr(_kept, "connection"):
        _kept.connection = _Connection("docker")
    target = f"{path}?{urlencode(query)}" if query else path
    content = None if body is None else json.dumps(body)
    _kept.connection.request(method, target, content, {"Content-Type": "application/json"})
    response = _kept.connection.getresponse()
    said = response.read()
    if response.status >= 400:
        raise RuntimeError(f"{method} {target}: {response.status} {said.decode()}")
    if response.getheader("Content-Type") == "application/json" and said.count(b"\n") <= 1:
        return json.loads(said) if said.strip() else None
    return said


def side_by_side(do: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """`do` on all items at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(do, items))
