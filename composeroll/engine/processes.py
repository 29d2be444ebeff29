"""The processes of a container as the engine's host sees them, without `ps` in the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from composeroll.engine.api.connection import Api
from composeroll.errors import EngineError
from composeroll.model import Process

COLUMNS = "-eo pid,ppid,args"
"""The columns that are needed, with the whole command line."""

_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)
"""The engine's answers if `ps` on its host refuses the columns, as a small busybox's does."""


def processes(api: Api, container: str) -> tuple[Process, ...]:
    """Return the processes of a running container.

    Raises:
        EngineError: there is no such container, it does not run, or `ps` on the engine's host does
            not support the columns.
    """
    path = f"/containers/{container}/top"
    answer = api.get(path, {"ps_args": COLUMNS}, fine=_REFUSED)
    if answer.status in _REFUSED:
        answer = api.get(path)
    return parse_top(answer.json())


def parse_top(table: Mapping[str, Any]) -> tuple[Process, ...]:
    """Parse the engine's `Titles` and `Processes`; more columns do not matter.

    Raises:
        EngineError: a column is missing, as with a `ps` that ignores options.
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
