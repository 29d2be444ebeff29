"""Files in containers, by the engine's archive calls, which need no program in the image."""

from __future__ import annotations

import io
import posixpath
import tarfile
import time
from http import HTTPStatus

from composeroll.engine.api.connection import Api
from composeroll.errors import EngineError

LINKS = 8
"""How many symbolic links are followed before a path counts as a loop: Linux's old limit."""

DEFAULT_MODE = 0o644


class Files:
    """Reads and writes single files in the containers of one engine."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def read(self, container: str, path: str) -> bytes | None:
        """Return a file's content, None if there is no file. Symbolic links are followed.

        Raises:
            EngineError: it is not a regular file, or the engine refuses.
        """
        _, found = self._find(container, path)
        return None if found is None else found[1]

    def write(self, container: str, path: str, content: bytes) -> None:
        """Replace a file, keeping its mode and owner.

        A new file belongs to root and has mode 644. Symbolic links are followed. The engine
        removes the old file before it writes the new one, so no process may read it at the time.

        Raises:
            EngineError: the directory does not exist or is read-only, or the file is a mount.
        """
        target, found = self._find(container, path)
        self._put(container, target, content, found and found[0])

    def place(self, container: str, path: str, content: bytes) -> None:
        """Write a file of composeroll's, without reading what is there.

        Raises:
            EngineError: the engine refuses.
        """
        self._put(container, path, content, None)

    def _put(
        self, container: str, target: str, content: bytes, old: tarfile.TarInfo | None
    ) -> None:
        body = _archive(_member(posixpath.basename(target), len(content), old), content)
        where = {"path": posixpath.dirname(target), "noOverwriteDirNonDir": "1"}
        headers = {"Content-Type": "application/x-tar"}
        self._api.send("PUT", f"/containers/{container}/archive", where, body, headers)

    def _find(self, container: str, path: str) -> tuple[str, tuple[tarfile.TarInfo, bytes] | None]:
        """Return the path after following links, and the file there."""
        for _ in range(LINKS):
            found = self._fetch(container, path)
            if found is None or not found[0].issym():
                return path, found
            path = posixpath.join(posixpath.dirname(path), found[0].linkname)
        raise EngineError(f"{path} is a loop of symbolic links")

    def _fetch(self, container: str, path: str) -> tuple[tarfile.TarInfo, bytes] | None:
        where = {"path": path}
        fine = (HTTPStatus.NOT_FOUND,)
        answer = self._api.get(f"/containers/{container}/archive", where, fine=fine)
        if answer.found:
            return _only_member(path, answer.body)
        if "No such container" in answer.message:
            raise EngineError(answer.message)
        return None


def _only_member(path: str, archive: bytes) -> tuple[tarfile.TarInfo, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        member = tar.next()
        if member is None or not (member.isreg() or member.issym()):
            raise EngineError(f"{path} is not a file")
        content = tar.extractfile(member) if member.isreg() else None
        return member, content.read() if content else b""


def _member(name: str, size: int, old: tarfile.TarInfo | None) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = size, int(time.time())
    member.mode = old.mode if old else DEFAULT_MODE
    if old:
        member.uid, member.gid = old.uid, old.gid
    return member


def _archive(member: tarfile.TarInfo, content: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()
