"""The processes of a container as the engine's host sees them, without `ps` in the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from composeroll.engine.connection import Api
from composeroll.model import Process

COLUMNS = "-eo pid,ppid,args"
"""Just what is needed, with the whole command line."""

_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)
"""What the engine answers when its `ps` does not know the columns (busybox's does not)."""


def processes(api: Api, container: str) -> tuple[Process, ...]:
    """The processes of a running container.

    Raises:
        EngineError: there is no such container, or it does not run.
    """
    path = f"/containers/{container}/top"
    answer = api.get(path, {"ps_args": COLUMNS}, fine=_REFUSED)
    if answer.status in _REFUSED:
        answer = api.get(path)
    return parse_top(answer.json())


def parse_top(table: Mapping[str, Any]) -> tuple[Process, ...]:
    """The engine's `Titles` and `Processes`, whatever further columns there are."""
    titles: Sequence[str] = table["Titles"]
    pid, ppid = titles.index("PID"), titles.index("PPID")
    return tuple(
        Process(int(row[pid]), int(row[ppid]), row[-1]) for row in table["Processes"] or ()
    )
