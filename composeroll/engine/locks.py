"""Locks on the engine: containers that are created and never started.

A container's name is unique on its engine, and its creation is atomic: of 20 concurrent attempts
one succeeds, the others get HTTP 409. So a lock holds for all users of the engine, on any machine.
"""

from __future__ import annotations

import json
from datetime import datetime
from http import HTTPStatus

from msgspec import Struct

from composeroll.engine.api.connection import Api
from composeroll.engine.empty import create_empty
from composeroll.engine.files import Files
from composeroll.engine.ledger import MOUNTS
from composeroll.errors import EngineError

PROJECT = "composeroll.lock.project"
HOLDER = "composeroll.lock.holder"
NOTE = "/note.json"

_TAKEN = (HTTPStatus.CONFLICT,)
_GONE = (HTTPStatus.NOT_FOUND,)
_NOT_RENAMED = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.BAD_REQUEST)


class LockContainer(Struct, frozen=True):
    """A lock on the engine.

    Attributes:
        id: its full container ID; a lock that was taken over has another.
        holder: its holder, as written at its creation.
        note: what the holder has written since, empty at first.
        created: when it was created, in seconds of the engine's clock.
    """

    id: str
    name: str
    holder: str
    note: str
    created: float


class Locks:
    """The locks of one engine. Methods raise EngineError and EngineUnreachable."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._files = Files(api)
        self._held: list[str] = []

    @property
    def held(self) -> str | None:
        """The ID of a lock that this process holds, if any; its container mounts the ledger."""
        return self._held[-1] if self._held else None

    def claim(self, name: str, project: str, holder: str) -> str | None:
        """Take a lock; return its ID, or None if another run has it."""
        labels = {PROJECT: project, HOLDER: holder}
        config = {"Labels": labels, "HostConfig": MOUNTS}
        answer = create_empty(self._api, name, config, fine=_TAKEN)
        if answer.status == HTTPStatus.CONFLICT:
            return None
        self._held.append(str(answer.json()["Id"]))
        return self._held[-1]

    def id_of(self, name: str) -> str | None:
        """Return the ID of the lock of that name, None if it is free. It takes a single call."""
        answer = self._api.get(f"/containers/{name}/json", fine=_GONE)
        return str(answer.json()["Id"]) if answer.found else None

    def find(self, name: str) -> LockContainer | None:
        """Return the lock of that name, None if it is free."""
        answer = self._api.get(f"/containers/{name}/json", fine=_GONE)
        if not answer.found:
            return None
        inspected = answer.json()
        holder = (inspected["Config"].get("Labels") or {}).get(HOLDER, "")
        created = _seconds(inspected["Created"])
        return LockContainer(inspected["Id"], name, holder, self._note(inspected["Id"]), created)

    def of_project(self, project: str) -> tuple[LockContainer, ...]:
        """Return all locks of a project, ordered by name."""
        filters = json.dumps({"label": [f"{PROJECT}={project}"]})
        listed = self._api.get("/containers/json", {"all": "1", "filters": filters}).json()
        names = sorted(entry["Names"][0].removeprefix("/") for entry in listed)
        return tuple(filter(None, map(self.find, names)))

    def write(self, container: str, note: str) -> None:
        """Write the holder's note."""
        self._files.place(container, NOTE, note.encode())

    def set_aside(self, container: str, name: str) -> None:
        """Rename a lock, by its ID; no error if it is gone or has that name already.

        If the name is taken, both stay unchanged.
        """
        self._api.post(f"/containers/{container}/rename", {"name": name}, fine=_NOT_RENAMED)

    def release(self, container: str) -> None:
        """Release a lock, by its ID; one that was taken over has another ID, and is not touched."""
        self._held = [held for held in self._held if held != container]
        self._api.send("DELETE", f"/containers/{container}", fine=_GONE)

    def now(self) -> float:
        """Return the seconds of the engine's clock, which all holders share."""
        return _seconds(self._api.get("/info").json()["SystemTime"])

    def _note(self, container: str) -> str:
        try:
            return (self._files.read(container, NOTE) or b"").decode(errors="replace")
        except EngineError:
            return ""  # it has been released since


def _seconds(rfc3339: str) -> float:
    """Parse the engine's time; it has nanoseconds, of which Python reads six digits."""
    return datetime.fromisoformat(rfc3339).timestamp()
