"""Small texts on the engine, shared by all its users: files in one volume.

The volume is accessed through a container that mounts it and is never started. A lock's container
mounts it too, so a lock's holder needs no other. Pruning leaves a named volume alone, and
`docker compose down -v` does not know this one.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TypeVar

from composeroll.engine.api.connection import Api
from composeroll.engine.empty import create_empty
from composeroll.engine.files import Files
from composeroll.errors import EngineError

T = TypeVar("T")

VOLUME = "composeroll-history"
ROOT = "/history"
MOUNTS = {"Binds": [f"{VOLUME}:{ROOT}"]}
"""The HostConfig of a container that mounts the volume."""


class Ledger:
    """The texts of one engine. Methods raise EngineError and EngineUnreachable.

    Args:
        api: the engine.
        mounted: returns a container that already mounts the volume, if there is one.
    """

    def __init__(self, api: Api, mounted: Callable[[], str | None]) -> None:
        self._api = api
        self._files = Files(api)
        self._at_hand = mounted

    def read(self, project: str, name: str) -> str:
        """Return a text, empty if there is none; the volume is not created for it."""
        fine = (HTTPStatus.NOT_FOUND,)
        if self._api.get(f"/volumes/{VOLUME}", fine=fine).status in fine:
            return ""
        path = f"{ROOT}/{project}/{name}"
        text = self._through(lambda container: self._files.read(container, path))
        return (text or b"").decode(errors="replace")

    def write(self, project: str, name: str, text: str) -> None:
        """Replace a text."""
        headers = {"Content-Type": "application/x-tar"}
        body = _archive(project, name, text.encode())

        def put(container: str) -> None:
            self._api.send("PUT", f"/containers/{container}/archive", {"path": ROOT}, body, headers)

        self._through(put)

    def _through(self, use: Callable[[str], T]) -> T:
        """Use the mounted container; if that fails, for example since it was pruned, create one."""
        if at_hand := self._at_hand():
            with suppress(EngineError):
                return use(at_hand)
        container = str(create_empty(self._api, None, {"HostConfig": MOUNTS}).json()["Id"])
        try:
            return use(container)
        finally:
            self._api.send("DELETE", f"/containers/{container}", fine=(HTTPStatus.NOT_FOUND,))


def _archive(project: str, name: str, content: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        folder = tarfile.TarInfo(project)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        member = tarfile.TarInfo(f"{project}/{name}")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()
