"""What containers use of their host's memory, and what the host has left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from composeroll.engine.connection import Api
from composeroll.engine.endpoint import Endpoint
from composeroll.engine.side_by_side import side_by_side

ONCE = {"stream": "false", "one-shot": "true"}
"""One sample, at once: the engine otherwise waits a second to compare two."""

KIBI = 1024

_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


def used_by(api: Api, containers: Iterable[str]) -> Mapping[str, int]:
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


def left_on_host(api: Api, endpoint: Endpoint, meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes that the engine's host can still give.

    Where the engine is here the kernel says so. Elsewhere it is what the host has, less what all
    containers use: too much by what runs outside of them.
    """
    if endpoint.socket_path is not None and meminfo.exists():
        return available(meminfo.read_text(encoding="ascii"))
    running = [entry["Id"] for entry in api.get("/containers/json").json()]
    return int(api.get("/info").json()["MemTotal"]) - sum(used_by(api, running).values())


def available(meminfo: str) -> int:
    """Bytes of `MemAvailable`, as proc(5) writes it: `MemAvailable:   23456 kB`."""
    values = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    return int(values["MemAvailable"].split()[0]) * KIBI
