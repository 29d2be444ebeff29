"""Copies of containers for a rehearsal: on the same networks, but without published ports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from composeroll.engine.api.connection import Api

KEPT = ("Env", "Cmd", "Entrypoint", "User", "WorkingDir", "Volumes", "StopSignal", "ExposedPorts")
"""The parts of a container's configuration that its processes depend on; not its labels."""

APART: Mapping[str, Any] = {
    "ContainerIDFile": "",
    "PortBindings": {},
    "PublishAllPorts": False,
    "RestartPolicy": {"Name": "no"},
    "AutoRemove": False,
    "Links": None,
}

OF_NAMESPACE = ("Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "Sysctls")
"""The parts that come from the container whose network namespace it shares."""

LABEL = "composeroll.stands-in-for"

_GONE = (HTTPStatus.NOT_FOUND,)


class StandIns:
    """Creates stand-ins on one engine; methods raise EngineError and EngineUnreachable."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def make(self, model: str, name: str, beside: str) -> str:
        """Create a copy of `model` without starting it; return its full ID.

        Args:
            model: the container whose image, command, environment and mounts it gets, by ID.
            name: its name; a container of that name is left from a killed run, and is removed.
            beside: the container whose networks it joins, by ID, under its own name only.
        """
        self._api.send("DELETE", f"/containers/{name}", {"force": "1", "v": "1"}, fine=_GONE)
        wanted = like(self._inspect(model), self._inspect(beside))
        networks = wanted.pop("networks")
        made = str(self._api.post("/containers/create", {"name": name}, wanted).json()["Id"])
        for network in networks[1:]:
            self._api.post(f"/networks/{network}/connect", body={"Container": made})
        return made

    def _inspect(self, container: str) -> Mapping[str, Any]:
        inspected: Mapping[str, Any] = self._api.get(f"/containers/{container}/json").json()
        return inspected


def like(model: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of `POST /containers/create`; `networks` has network IDs. Pure."""
    config, host = model["Config"], json.loads(json.dumps(model["HostConfig"]))
    networks = [n["NetworkID"] for n in beside["NetworkSettings"]["Networks"].values()]
    theirs = {key: beside["HostConfig"].get(key) for key in OF_NAMESPACE}
    return {
        **{key: config.get(key) for key in KEPT},
        "Image": model["Image"],
        "Labels": {LABEL: model["Id"]},
        "HostConfig": {**host, **APART, **theirs, "NetworkMode": (networks or ["none"])[0]},
        "networks": networks,
    }
