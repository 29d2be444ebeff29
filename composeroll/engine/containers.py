"""List, inspect, start, stop, remove and rename containers."""

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
"""Seconds between the stop signal and SIGKILL if the container sets none: the engine's default."""

_ALREADY = (HTTPStatus.NOT_MODIFIED,)
_ALREADY_OR_GONE = (HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND)
_GONE = (HTTPStatus.NOT_FOUND,)
_GONE_OR_GOING = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
_GONE_OR_ENDED = (HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR)

ENDED_MEANWHILE = 5
"""How often a request to update a container is repeated if the engine answers 500.

If a process ends while its container is updated, the engine refuses and keeps the old policy
("container not running", "cannot update a stopped container"). It accepts the request once it has
noticed the end: for 60 containers in a crash loop, without a pause, at the second attempt.
"""

GOING = "is already in progress"
"""The engine's message if another request is removing the container (moby, `daemon/delete.go`)."""


class Containers:
    """The containers of one engine.

    Methods raise `EngineError` if the engine refuses, `EngineUnreachable` if it does not answer.
    Methods for several containers act on them side by side.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def replicas(
        self, project: str, services: Collection[str] | None = None
    ) -> tuple[Replica, ...]:
        """Return the containers of a compose project in all states, by service and number.

        Without one-off containers of `docker compose run`, and without those of `pre_start` hooks,
        to which compose gives no hash (5.3; its `getDefaultFilters` leaves them out, too). With
        those that a killed compose left while it recreated them (`is_left_by_recreate`).
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
        """Return the names of all containers on the engine, of any project and in any state."""
        listed = (name for entry in self._list({}) for name in entry["Names"])
        return frozenset(name.removeprefix("/") for name in listed if name.count("/") == 1)

    def find(self, container: str) -> Replica | None:
        """Return a container by ID or name, None if there is none."""
        answer = self._api.get(f"/containers/{container}/json", fine=_GONE)
        return replica_of(answer.json()) if answer.found else None

    def start(self, containers: Iterable[str]) -> None:
        """Start containers; they may run already."""
        side_by_side(self._start, containers)

    def stop(self, graces: Mapping[str, float | None]) -> None:
        """Stop containers: the stop signal, then SIGKILL after each one's grace period in seconds.

        None stands for the container's own grace period. They may be stopped already, or gone.
        """
        side_by_side(lambda one: self._stop(*one), graces.items())

    def restart(self, containers: Iterable[str], grace: float) -> None:
        """Stop the running ones, with `grace` seconds each, and start all.

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
        """Send a signal to its first process; it may be stopped, or gone."""
        self._api.post(f"/containers/{container}/kill", {"signal": name}, fine=_GONE_OR_GOING)

    def remove(self, containers: Iterable[str], *, volumes: bool) -> None:
        """Remove stopped containers, with `volumes` also their anonymous volumes."""
        side_by_side(lambda container: self._remove(container, volumes=volumes), containers)

    def remove_volumes(self, names: Iterable[str]) -> None:
        """Remove volumes, except those that are gone or still mounted."""
        fine = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
        side_by_side(lambda name: self._api.send("DELETE", f"/volumes/{name}", fine=fine), names)

    def rename(self, container: str, name: str) -> None:
        """Rename a container."""
        self._api.post(f"/containers/{container}/rename", {"name": name})

    def forbid_restart(self, containers: Iterable[str]) -> None:
        """Set their restart policy to `no`; they may be gone."""
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
