"""The processes of a container as the engine's host sees them, without `ps` in the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from composeroll.engine.api.connection import Api
from composeroll.errors import EngineError
from composeroll.model import Process

COLUMNS = "-eo pid,ppid,args"
"""Just what is needed, with the whole command line."""

_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)
"""What the engine answers where `ps` on its host, as a small busybox's, refuses the columns."""


def processes(api: Api, container: str) -> tuple[Process, ...]:
    """The processes of a running container.

    Raises:
        EngineError: there is no such container, or it does not run; or `ps` on the engine's host
            cannot tell.
    """
    path = f"/containers/{container}/top"
    answer = api.get(path, {"ps_args": COLUMNS}, fine=_REFUSED)
    if answer.status in _REFUSED:
        answer = api.get(path)
    return parse_top(answer.json())


def parse_top(table: Mapping[str, Any]) -> tuple[Process, ...]:
    """The engine's `Titles` and `Processes`, whatever further columns there are.

    Raises:
        EngineError: a column is missing; a `ps` that heeds no options prints few.
    """
    titles: Sequence[str] = table["Titles"]
    if not {"PID", "PPID"} <= {*titles}:
        raise EngineError(
            "`ps` on the engine's host does not show parent processes",
            help="install procps there: nginx's workers are found by their master",
            evidence=(" ".join(titles),),
        )
    pid, ppid = titles.index("PID"), titles.index("PPID")
    return tuple(
        Process(int(row[pid]), int(row[ppid]), row[-1]) for row in table["Processes"] or ()
    )
