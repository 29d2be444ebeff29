"""Containers that are never started, created from an empty image.

The image stays on the engine, since removing it could hit another run between its check and its
`create`. `docker image prune --all` may remove it at any time, so it is created again whenever the
engine reports it missing.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

from composeroll.engine.api.answer import Answer
from composeroll.engine.api.connection import Api

EMPTY_IMAGE = "composeroll:empty"

TRIES = 10
"""How often the image may disappear just before it is used, until that is an error."""

_NO_IMAGE = HTTPStatus.NOT_FOUND


def create_empty(
    api: Api, name: str | None, config: Mapping[str, Any], *, fine: Collection[int] = ()
) -> Answer:
    """Create a container; the engine chooses its name if none is given.

    `config` are its labels and mounts, as in the Engine API's ContainerConfig; a status among
    `fine` is not an error.

    Raises:
        EngineError: the engine refuses.
        EngineUnreachable: the engine does not answer.
    """
    query = {"name": name} if name else None
    body = {"Image": EMPTY_IMAGE, "Cmd": ["never started"], **config}
    for _ in range(TRIES):
        answer = api.post("/containers/create", query, body, fine=(*fine, _NO_IMAGE))
        if answer.status != _NO_IMAGE:
            return answer
        _make_image(api)
    return api.post("/containers/create", query, body, fine=fine)


def _make_image(api: Api) -> None:
    nothing = io.BytesIO()
    tarfile.open(fileobj=nothing, mode="w").close()
    repository, _, tag = EMPTY_IMAGE.partition(":")
    where = {"fromSrc": "-", "repo": repository, "tag": tag}
    headers = {"Content-Type": "application/x-tar"}
    api.send("POST", "/images/create", where, nothing.getvalue(), headers)
