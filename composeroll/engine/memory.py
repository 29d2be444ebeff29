"""The memory that containers use, and that their host has left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from composeroll.engine.api.answer import Answer
from composeroll.engine.api.endpoint import Endpoint
from composeroll.engine.side_by_side import side_by_side

ONCE = {"stream": "false", "one-shot": "true"}
"""One sample at once; otherwise the engine waits for a second to compare two."""

KIBI = 1024

_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


class Reads(Protocol):
    """Reads from the engine."""

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, fine: Collection[int] = ()
    ) -> Answer:
        """Return the answer to a GET; its status is a success or among `fine`."""
        ...


def used_by(api: Reads, containers: Iterable[str]) -> Mapping[str, int]:
    """Return the bytes that each container uses, by full ID; without stopped ones.

    Page cache that the kernel can drop is not counted, as in `docker stats`.
    """

    def ask(container: str) -> tuple[str, int]:
        answer = api.get(f"/containers/{container}/stats", ONCE, fine=_GONE)
        return container, used(answer.json()) if answer.status == HTTPStatus.OK else 0

    return {container: size for container, size in side_by_side(ask, containers) if size}


def used(stats: Mapping[str, Any]) -> int:
    """Return the bytes of one answer: usage less inactive files (named in cgroup v1 or v2)."""
    memory = stats.get("memory_stats") or {}
    details = memory.get("stats") or {}
    files = details.get("total_inactive_file", details.get("inactive_file", 0))
    return max(0, int(memory.get("usage", 0)) - int(files))


def left_on_host(api: Reads, endpoint: Endpoint, meminfo: Path = Path("/proc/meminfo")) -> int:
    """Return the bytes that are left on the engine's host.

    For a local engine, the kernel reports it. For a remote one, it is the host's memory less what
    all containers use, which is too much by what runs outside of them.
    """
    total = int(api.get("/info").json()["MemTotal"])
    if endpoint.socket_path is not None and meminfo.exists():
        here = of_kernel(meminfo.read_text(encoding="ascii"))
        if here["MemTotal"] == total:
            return here["MemAvailable"]
    running = [entry["Id"] for entry in api.get("/containers/json").json()]
    return total - sum(used_by(api, running).values())


def of_kernel(meminfo: str) -> Mapping[str, int]:
    """Parse /proc/meminfo (proc(5)) into bytes by name: `MemAvailable:   23456 kB`.

    The engine reads its `MemTotal` there too (moby, `pkg/meminfo`). If both differ, the socket
    leads to another machine, such as Docker Desktop's, or through a tunnel.
    """
    lines = (line.split() for line in meminfo.splitlines())
    return {words[0].rstrip(":"): int(words[1]) * KIBI for words in lines if words[2:] == ["kB"]}
