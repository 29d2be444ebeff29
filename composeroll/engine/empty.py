"""Containers that are never started, of an image without a byte in it.

The image stays on the engine. Whoever would remove it after use could do so between somebody
else's look and their `create`; and `docker image prune --all` may do that at any time, so it is
made anew whenever the engine says that it is missing.
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
"""How often somebody may remove the image just before it is used, until that is an error."""

_NO_IMAGE = HTTPStatus.NOT_FOUND


def create_empty(
    api: Api, name: str | None, config: Mapping[str, Any], *, fine: Collection[int] = ()
) -> Answer:
    """Create a container, under a name of the engine's choice where none is given.

    `config` are its labels and mounts as the Engine API's ContainerConfig has them; a status among
    `fine` is no error.

    Raises:
        EngineError: the engine refuses.
        EngineUnreachable: nobody answers.
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
