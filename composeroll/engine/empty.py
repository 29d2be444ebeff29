"""An image without a byte in it, for containers that are never started.

It is made where it is missing and goes with the last container that needs it.
"""

from __future__ import annotations

import io
import tarfile
from http import HTTPStatus

from composeroll.engine.connection import Api

EMPTY_IMAGE = "composeroll:empty"

_GONE = (HTTPStatus.NOT_FOUND,)
_GONE_OR_IN_USE = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


def provide_empty_image(api: Api) -> None:
    """Make it, where it is not there."""
    if api.get(f"/images/{EMPTY_IMAGE}/json", fine=_GONE).found:
        return
    nothing = io.BytesIO()
    tarfile.open(fileobj=nothing, mode="w").close()
    repository, _, tag = EMPTY_IMAGE.partition(":")
    where = {"fromSrc": "-", "repo": repository, "tag": tag}
    headers = {"Content-Type": "application/x-tar"}
    api.send("POST", "/images/create", where, nothing.getvalue(), headers)


def drop_empty_image(api: Api) -> None:
    """Remove it, unless a container still needs it."""
    api.send("DELETE", f"/images/{EMPTY_IMAGE}", fine=_GONE_OR_IN_USE)
