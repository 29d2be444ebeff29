"""The floor: the least that a rollout takes, as bare Engine API calls with no decisions.

    python -m benchmarks.floor PROJECT IMAGE

Pull the tag, create copies of the running replicas from it and start them side by side, wait until
their ports accept, write the include (one exec), tell nginx to reload, wait until its old workers
are gone, stop and remove the old replicas side by side. Nothing is tested, checked or undone. It is
a process of its own, as composeroll is.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any

from benchmarks.api import call, side_by_side

APP_PORT = 8000
INCLUDE = "/opt/nginx/include/app.include"
LOOK = 0.005
"""Seconds between two looks at a port or at nginx's workers."""

NUMBER = "com.docker.compose.container-number"
WRITE = 'printf %s "$2" > "$1.new" && mv "$1.new" "$1"'

Container = dict[str, Any]


def floor(project: str, image: str) -> None:
    """Replace the app's replicas."""
    call("POST", "/images/create", {"fromImage": image})
    new_image = call("GET", f"/images/{image}/json")["Id"]
    old = _containers(project, "app")
    gateway = _containers(project, "nginx")[0]["Id"]
    highest = max(int(c["Config"]["Labels"][NUMBER]) for c in old)
    numbered = [(c, highest + place, new_image) for place, c in enumerate(old, start=1)]
    addresses = side_by_side(lambda one: _start(*one), numbered)
    _write(gateway, addresses)
    _reload(gateway)
    side_by_side(_stop, old)


def _containers(project: str, service: str) -> list[Container]:
    labels = [f"com.docker.compose.project={project}", f"com.docker.compose.service={service}"]
    found = call("GET", "/containers/json", {"filters": json.dumps({"label": labels})})
    return [call("GET", f"/containers/{entry['Id']}/json") for entry in found]


def _start(old: Container, number: int, image: str) -> str:
    """A copy of a container from another image; its address, once its port accepts."""
    labels = old["Config"]["Labels"]
    project, service = (labels[f"com.docker.compose.{key}"] for key in ("project", "service"))
    network, place = next(iter(old["NetworkSettings"]["Networks"].items()))
    body = {
        "Image": old["Config"]["Image"],  # a reference: what it names now is the new image
        "Labels": labels | {NUMBER: str(number), "com.docker.compose.image": image},
        "HostConfig": old["HostConfig"],
        "StopTimeout": old["Config"]["StopTimeout"],
        "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": place["Aliases"]}}},
    }
    name = {"name": f"{project}-{service}-{number}"}
    made = call("POST", "/containers/create", name, body)["Id"]
    call("POST", f"/containers/{made}/start")
    networks = call("GET", f"/containers/{made}/json")["NetworkSettings"]["Networks"]
    address = f"{networks[network]['IPAddress']}"
    while not _accepts(address):
        time.sleep(LOOK)
    return address


def _accepts(address: str) -> bool:
    try:
        socket.create_connection((address, APP_PORT), 1).close()
    except OSError:
        return False
    return True


def _write(gateway: str, addresses: list[str]) -> None:
    servers = "".join(f"    server {address}:{APP_PORT};\n" for address in addresses)
    text = f"upstream app {{\n    zone app 256k;\n{servers}}}\n"
    body = {"Cmd": ["sh", "-c", WRITE, "write", INCLUDE, text], "AttachStdout": True}
    command = call("POST", f"/containers/{gateway}/exec", body=body)["Id"]
    call("POST", f"/exec/{command}/start", body={"Detach": False, "Tty": True})


def _reload(gateway: str) -> None:
    before = _workers(gateway)
    call("POST", f"/containers/{gateway}/kill", {"signal": "HUP"})
    while before & _workers(gateway):
        time.sleep(LOOK)


def _workers(gateway: str) -> set[str]:
    rows = call("GET", f"/containers/{gateway}/top", {"ps_args": "-eo pid,args"})["Processes"]
    return {pid for pid, args in rows if args.startswith("nginx: worker")}


def _stop(old: Container) -> None:
    call("POST", f"/containers/{old['Id']}/stop")
    call("DELETE", f"/containers/{old['Id']}", {"v": 1})


if __name__ == "__main__":
    floor(*sys.argv[1:])
