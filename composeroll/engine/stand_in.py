"""Containers made like another one, that stand apart: on its networks, but published nowhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from composeroll.engine.api.connection import Api

KEPT = ("Env", "Cmd", "Entrypoint", "User", "WorkingDir", "Volumes", "StopSignal", "ExposedPorts")
"""What of a container's configuration makes its processes what they are; its labels do not."""

APART: Mapping[str, Any] = {
    "ContainerIDFile": "",
    "PortBindings": {},
    "PublishAllPorts": False,
    "RestartPolicy": {"Name": "no"},
    "AutoRemove": False,
    "Links": None,
}

OF_NAMESPACE = ("Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "Sysctls")
"""What a container takes from the one whose network namespace it lives in."""

LABEL = "composeroll.stands-in-for"

_GONE = (HTTPStatus.NOT_FOUND,)


class StandIns:
    """Makes stand-ins on one engine; methods raise EngineError and EngineUnreachable."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def make(self, model: str, name: str, beside: str) -> str:
        """Create a container like `model`, not started; its full ID.

        Args:
            model: whose image, command, environment and mounts it gets, by ID.
            name: its name; one that bears it already was left by a run that was killed, and goes.
            beside: whose networks it joins, by ID, under no name but its own.
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
    """The body of `POST /containers/create`; under `networks` the engine's IDs of them. Pure."""
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
