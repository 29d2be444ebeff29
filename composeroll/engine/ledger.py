"""Small texts on the engine itself, the same for everyone who uses it: one volume, a file each.

A volume is reached through a container that mounts it and is never started; a lock's is one, so
that who holds a lock needs no other. Pruning leaves a named volume alone, and
`docker compose down -v` knows nothing of it.
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
"""What a container's HostConfig needs, to be a way to the texts."""


class Ledger:
    """The texts of one engine. Methods raise EngineError and EngineUnreachable.

    Args:
        api: the engine.
        mounted: a container that mounts the volume already, if there is one.
    """

    def __init__(self, api: Api, mounted: Callable[[], str | None]) -> None:
        self._api = api
        self._files = Files(api)
        self._at_hand = mounted

    def read(self, project: str, name: str) -> str:
        """A text, empty where there is none. Where nothing was ever written, nothing is made."""
        fine = (HTTPStatus.NOT_FOUND,)
        if self._api.get(f"/volumes/{VOLUME}", fine=fine).status in fine:
            return ""
        path = f"{ROOT}/{project}/{name}"
        text = self._through(lambda container: self._files.read(container, path))
        return (text or b"").decode(errors="replace")

    def write(self, project: str, name: str, text: str) -> None:
        """Put a text in place of the one that is there."""
        headers = {"Content-Type": "application/x-tar"}
        body = _archive(project, name, text.encode())

        def put(container: str) -> None:
            self._api.send("PUT", f"/containers/{container}/archive", {"path": ROOT}, body, headers)

        self._through(put)

    def _through(self, use: Callable[[str], T]) -> T:
        """By the container at hand; where that fails, since somebody pruned it, by another one."""
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
