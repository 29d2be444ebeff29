"""What containers use of their host's memory, and what the host has left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from composeroll.engine.api.answer import Answer
from composeroll.engine.api.endpoint import Endpoint
from composeroll.engine.side_by_side import side_by_side

ONCE = {"stream": "false", "one-shot": "true"}
"""One sample, at once: the engine otherwise waits a second to compare two."""

KIBI = 1024

_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


class Reads(Protocol):
    """What can be asked of an engine."""

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, fine: Collection[int] = ()
    ) -> Answer:
        """The answer to a GET, whose status is good or `fine`."""
        ...


def used_by(api: Reads, containers: Iterable[str]) -> Mapping[str, int]:
    """Bytes that each container uses, by full ID; one that does not run is left out.

    Without the files that the kernel may forget: what `docker stats` shows.
    """

    def ask(container: str) -> tuple[str, int]:
        answer = api.get(f"/containers/{container}/stats", ONCE, fine=_GONE)
        return container, used(answer.json()) if answer.status == HTTPStatus.OK else 0

    return {container: size for container, size in side_by_side(ask, containers) if size}


def used(stats: Mapping[str, Any]) -> int:
    """Bytes of one answer: usage less inactive files, by cgroup v1's name for them or v2's."""
    memory = stats.get("memory_stats") or {}
    details = memory.get("stats") or {}
    files = details.get("total_inactive_file", details.get("inactive_file", 0))
    return max(0, int(memory.get("usage", 0)) - int(files))


def left_on_host(api: Reads, endpoint: Endpoint, meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes that the engine's host can still give.

    Where the engine is here the kernel says so. Elsewhere it is what the host has, less what all
    containers use: too much by what runs outside of them.
    """
    total = int(api.get("/info").json()["MemTotal"])
    if endpoint.socket_path is not None and meminfo.exists():
        here = of_kernel(meminfo.read_text(encoding="ascii"))
        if here["MemTotal"] == total:
            return here["MemAvailable"]
    running = [entry["Id"] for entry in api.get("/containers/json").json()]
    return total - sum(used_by(api, running).values())


def of_kernel(meminfo: str) -> Mapping[str, int]:
    """Bytes by name, as proc(5) writes them: `MemAvailable:   23456 kB`.

    The engine has its own `MemTotal` from there too (moby, `pkg/meminfo`). Where both differ, the
    socket leads elsewhere: into Docker Desktop's machine, or through a tunnel.
    """
    lines = (line.split() for line in meminfo.splitlines())
    return {words[0].rstrip(":"): int(words[1]) * KIBI for words in lines if words[2:] == ["kB"]}
