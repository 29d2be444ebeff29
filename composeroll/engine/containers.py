"""Containers: list, look at, start, stop, remove, rename."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from composeroll.engine.api.connection import CALL_SECONDS, Api
from composeroll.engine.inspection import CONFIG_HASH, PROJECT, SERVICE, is_one_off, replica_of
from composeroll.engine.side_by_side import side_by_side
from composeroll.model import Replica

DEFAULT_GRACE = 10.0
"""Seconds between the stop signal and SIGKILL where the container names none; the engine's own."""

_ALREADY = (HTTPStatus.NOT_MODIFIED,)
_ALREADY_OR_GONE = (HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND)
_GONE = (HTTPStatus.NOT_FOUND,)
_GONE_OR_GOING = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
_GONE_OR_ENDED = (HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR)

ENDED_MEANWHILE = 5
"""How often an update that the engine answers with 500 is asked for again.

A process that ends while its container is updated makes the engine refuse, and keep the old policy
("container not running", "cannot update a stopped container"). Once it knows of the end it obeys:
of 60 containers in a crash loop that were asked without a pause, all did so the second time.
"""

GOING = "is already in progress"
"""The engine's message if another request is removing the container (moby, `daemon/delete.go`)."""


class Containers:
    """The containers of one engine.

    Methods raise `EngineError` when the engine refuses and `EngineUnreachable` when it is gone.
    Those that take several containers act on them side by side.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def replicas(
        self, project: str, services: Collection[str] | None = None
    ) -> tuple[Replica, ...]:
        """The containers of a compose project in all states, by service and number.

        One-off containers of `docker compose run` are left out, and those of `pre_start` hooks, to
        which compose gives no hash (5.3; `getDefaultFilters` leaves them out, too); what a killed
        compose left while it recreated (`is_left_by_recreate`) is in.
        """
        found = self._list({"label": [f"{PROJECT}={project}", CONFIG_HASH]})
        wanted = [
            entry["Id"]
            for entry in found
            if not is_one_off(entry["Labels"])
            and (services is None or entry["Labels"].get(SERVICE) in services)
        ]
        replicas = filter(None, map(self.find, wanted))
        return tuple(sorted(replicas, key=lambda r: (r.service, r.number, r.name)))

    def names(self) -> frozenset[str]:
        """The names of all containers on the engine, of whatever project and state."""
        listed = (name for entry in self._list({}) for name in entry["Names"])
        return frozenset(name.removeprefix("/") for name in listed if name.count("/") == 1)

    def find(self, container: str) -> Replica | None:
        """One container by ID or name, None where there is none (any more)."""
        answer = self._api.get(f"/containers/{container}/json", fine=_GONE)
        return replica_of(answer.json()) if answer.found else None

    def start(self, containers: Iterable[str]) -> None:
        """Start them; one that runs already is fine."""
        side_by_side(self._start, containers)

    def stop(self, graces: Mapping[str, float | None]) -> None:
        """Send the stop signal, and SIGKILL after each one's seconds (None: the container's own).

        One that is stopped already, or gone, is fine.
        """
        side_by_side(lambda one: self._stop(*one), graces.items())

    def restart(self, containers: Iterable[str], grace: float) -> None:
        """Stop those that run, within `grace` seconds, and start all.

        The engine does both in one request, so they are not left stopped if composeroll is killed.
        """
        query = {"t": str(round(grace))}
        side_by_side(
            lambda container: self._api.post(
                f"/containers/{container}/restart", query, timeout=grace + CALL_SECONDS
            ),
            containers,
        )

    def signal(self, container: str, name: str) -> None:
        """Send a signal to its first process; one that does not run, or is gone, is fine."""
        self._api.post(f"/containers/{container}/kill", {"signal": name}, fine=_GONE_OR_GOING)

    def remove(self, containers: Iterable[str], *, volumes: bool) -> None:
        """Remove stopped containers; with `volumes` their anonymous volumes too. Gone is fine."""
        side_by_side(lambda container: self._remove(container, volumes=volumes), containers)

    def remove_volumes(self, names: Iterable[str]) -> None:
        """Remove volumes; one that is gone, or that a container still mounts, is fine."""
        fine = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
        side_by_side(lambda name: self._api.send("DELETE", f"/volumes/{name}", fine=fine), names)

    def rename(self, container: str, name: str) -> None:
        """Give a container a name."""
        self._api.post(f"/containers/{container}/rename", {"name": name})

    def forbid_restart(self, containers: Iterable[str]) -> None:
        """Keep the engine from reviving them; one that is gone is fine."""
        side_by_side(self._forbid_restart, containers)

    def _list(self, filters: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        query = {"all": "1", "filters": json.dumps(filters)}
        listed: list[dict[str, Any]] = self._api.get("/containers/json", query).json()
        return listed

    def _start(self, container: str) -> None:
        self._api.post(f"/containers/{container}/start", fine=_ALREADY)

    def _stop(self, container: str, grace: float | None) -> None:
        query = None if grace is None else {"t": str(round(grace))}
        seconds = self._own_grace(container) if grace is None else grace
        path = f"/containers/{container}/stop"
        self._api.post(path, query, fine=_ALREADY_OR_GONE, timeout=seconds + CALL_SECONDS)

    def _own_grace(self, container: str) -> float:
        answer = self._api.get(f"/containers/{container}/json", fine=_GONE)
        seconds = answer.json()["Config"].get("StopTimeout") if answer.found else None
        return DEFAULT_GRACE if seconds is None else float(seconds)

    def _remove(self, container: str, *, volumes: bool) -> None:
        query = {"v": str(int(volumes))}
        answer = self._api.send("DELETE", f"/containers/{container}", query, fine=_GONE_OR_GOING)
        if answer.status == HTTPStatus.CONFLICT and GOING not in answer.message:
            answer.require(f"DELETE /containers/{container}")

    def _forbid_restart(self, container: str) -> None:
        path = f"/containers/{container}/update"
        policy = {"RestartPolicy": {"Name": "no"}}
        for _ in range(ENDED_MEANWHILE):
            answer = self._api.post(path, body=policy, fine=_GONE_OR_ENDED)
            if answer.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                return
        self._api.post(path, body=policy, fine=_GONE)
