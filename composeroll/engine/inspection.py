"""Parse the engine's JSON about a container into a Replica. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from composeroll.model import Attachment, ContainerState, Health, Healthcheck, Mount, Replica

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
ONE_OFF = "com.docker.compose.oneoff"
CONFIG_HASH = "com.docker.compose.config-hash"
WORKING_DIRECTORY = "com.docker.compose.project.working_dir"

NANOSECONDS = 1e9
DEFAULT_SHELL = ("/bin/sh", "-c")
NEVER = "0001-01-01T00:00:00Z"
"""The engine's value for a time that has not come."""

_RECREATING = re.compile(r"[0-9a-f]{12}_")

Json = Mapping[str, Any]


def replica_of(inspected: Json) -> Replica:
    """Parse the answer to `GET /containers/{id}/json`.

    A container that compose did not create has no service, and the number 0.
    """
    config, host, state = inspected["Config"], inspected["HostConfig"], inspected["State"]
    labels = config.get("Labels") or {}
    return Replica(
        id=inspected["Id"],
        name=inspected["Name"].removeprefix("/"),
        service=labels.get(SERVICE, ""),
        number=int(labels.get(NUMBER, 0)),
        image=inspected["Image"],
        state=ContainerState(state["Status"]),
        image_ref=config.get("Image", ""),
        health=_health(state),
        exit_code=state.get("ExitCode", 0),
        restarts=inspected.get("RestartCount", 0),
        restart_policy=(host.get("RestartPolicy") or {}).get("Name") or "no",
        networks=_networks(inspected),
        exposed=_exposed(config),
        published=_published(inspected),
        healthcheck=_healthcheck(config),
        config_hash=labels.get(CONFIG_HASH, ""),
        stop_signal=config.get("StopSignal") or "SIGTERM",
        started_at=_time(state.get("StartedAt", "")),
        ended_at=_time(state.get("FinishedAt", "")),
        network_mode=host.get("NetworkMode", ""),
        mounts=_mounts(inspected),
        read_only=bool(host.get("ReadonlyRootfs")),
        made_from=labels.get(WORKING_DIRECTORY, ""),
        command=tuple(filter(None, (inspected.get("Path"), *(inspected.get("Args") or ())))),
        error=state.get("Error") or "",
    )


def is_one_off(labels: Mapping[str, str]) -> bool:
    """Return whether `docker compose run` created the container, which is then not a replica."""
    return labels.get(ONE_OFF, "").lower() == "true"


def is_left_by_recreate(name: str) -> bool:
    """Return whether compose was killed while it recreated this container: `3f2a…_app-web-1`."""
    return _RECREATING.match(name) is not None


def _health(state: Json) -> Health:
    return Health((state.get("Health") or {}).get("Status") or "none")


def _networks(inspected: Json) -> tuple[Attachment, ...]:
    networks = (inspected.get("NetworkSettings") or {}).get("Networks") or {}
    own = {inspected["Name"].removeprefix("/"), inspected["Id"][:12]}
    return tuple(_attachment(name, networks[name], own) for name in sorted(networks))


def _attachment(name: str, endpoint: Json, own: Container[str]) -> Attachment:
    """Parse an endpoint; Engine 25 (API 1.44) also lists DNS names other than aliases."""
    names = dict.fromkeys((*(endpoint.get("Aliases") or ()), *(endpoint.get("DNSNames") or ())))
    ipv4, ipv6 = endpoint.get("IPAddress", ""), endpoint.get("GlobalIPv6Address", "")
    sized = ((ipv4, endpoint.get("IPPrefixLen")), (ipv6, endpoint.get("GlobalIPv6PrefixLen")))
    return Attachment(
        network_id=endpoint.get("NetworkID", ""),
        network=name,
        ipv4=ipv4,
        ipv6=ipv6,
        aliases=tuple(alias for alias in names if alias not in own),
        subnets=tuple(f"{address}/{prefix}" for address, prefix in sized if address and prefix),
        gateways=tuple(filter(None, map(endpoint.get, ("Gateway", "IPv6Gateway")))),
    )


def _mounts(inspected: Json) -> tuple[Mount, ...]:
    """Return volumes, binds and tmpfs; the short form `tmpfs:` is only in HostConfig."""
    volumes = inspected["Config"].get("Volumes") or {}
    listed = [_mount(m, volumes) for m in inspected.get("Mounts") or ()]
    tmpfs = inspected["HostConfig"].get("Tmpfs") or {}
    listed += [Mount(path, "tmpfs", "ro" not in tmpfs[path].split(",")) for path in tmpfs]
    return tuple(sorted(listed, key=lambda mount: mount.destination))


def _mount(mount: Json, volumes: Iterable[str]) -> Mount:
    where = PurePosixPath(mount["Destination"])
    return Mount(
        mount["Destination"],
        mount["Type"],
        mount["RW"],
        mount.get("Name") or "",
        mount.get("Source") or "",
        declared=any(where.is_relative_to(volume) for volume in volumes),
    )


def _exposed(config: Json) -> tuple[int, ...]:
    """Return the TCP ports; compose passes on `9000` (no protocol) and `3000-3002` unchanged."""
    exposed = (port.partition("/") for port in config.get("ExposedPorts") or {})
    spans = (ports.partition("-") for ports, _, kind in exposed if kind in {"", "tcp"})
    numbers = {n for low, _, high in spans for n in range(int(low), int(high or low) + 1)}
    return tuple(sorted(numbers))


def _published(inspected: Json) -> tuple[int, ...]:
    ports = (inspected.get("NetworkSettings") or {}).get("Ports") or {}
    places = (place for bound in ports.values() for place in bound or ())
    return tuple(sorted({int(place["HostPort"]) for place in places if place["HostPort"]}))


def _healthcheck(config: Json) -> Healthcheck | None:
    """Return the HEALTHCHECK, with docker's default timeout of 30 s if it has none."""
    check = config.get("Healthcheck") or {}
    command = _check_command(check.get("Test") or [], config.get("Shell") or DEFAULT_SHELL)
    if not command:
        return None
    return Healthcheck(
        command=command,
        timeout=(check.get("Timeout") or 30 * NANOSECONDS) / NANOSECONDS,
    )


def _check_command(test: list[str], shell: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    match test:
        case ["CMD", *command]:
            return tuple(command)
        case ["CMD-SHELL", text, *more]:  # the shell takes them as arguments of the text
            return (*shell, text, *more)
        case _:
            return ()


def _time(text: str) -> str:
    return "" if text == NEVER else text
