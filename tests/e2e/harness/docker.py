"""Docker as a test sees it: through its command line, never through composeroll's own rooms."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Self

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"


@dataclass(frozen=True, slots=True)
class Container:
    """One container, as far as it stays the same until somebody touches it.

    `addresses` are those on its networks, IPv6 in brackets; `ports` are the places of
    this machine that lead to its own ports;
    `volumes` are the names of those mounted, anonymous ones included.
    """

    id: str
    name: str
    service: str
    image: str
    state: str
    started: str
    addresses: frozenset[str]
    ports: frozenset[tuple[int, str]]
    volumes: frozenset[str]

    @classmethod
    def described(cls, facts: Mapping[str, Any]) -> Self:
        """From what `docker inspect` prints of it."""
        networks = facts["NetworkSettings"]["Networks"].values()
        return cls(
            id=facts["Id"],
            name=facts["Name"].removeprefix("/"),
            service=facts["Config"]["Labels"].get(SERVICE, ""),
            image=facts["Image"],
            state=facts["State"]["Status"],
            started=facts["State"]["StartedAt"],
            addresses=frozenset(filter(None, map(_address, networks))),
            ports=frozenset(_ports(facts["NetworkSettings"]["Ports"] or {})),
            volumes=frozenset(m["Name"] for m in facts["Mounts"] if m["Type"] == "volume"),
        )

    def place(self, own: int) -> str:
        """The `host:port` of this machine that leads to one of its own ports."""
        return dict(self.ports)[own]


def docker(*words: str) -> str:
    """What a docker command prints; every other end than 0 fails the test."""
    argv = ["docker", *words]
    done = subprocess.run(argv, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"{argv} ended with {done.returncode}: {done.stderr}"
    return done.stdout.strip()


def containers(project: str) -> tuple[Container, ...]:
    """A project's containers in all states, by service and name."""
    ids = docker("ps", "--all", "--quiet", "--filter", f"label={PROJECT}={project}").split()
    facts = json.loads(docker("inspect", *ids)) if ids else []
    found = map(Container.described, facts)
    return tuple(sorted(found, key=lambda container: (container.service, container.name)))


def names_with(word: str) -> set[str]:
    """The names of all containers on the engine that hold a word."""
    found = docker("ps", "--all", "--filter", f"name={word}", "--format", "{{.Names}}")
    return set(found.split())


def volumes() -> set[str]:
    """The names of all volumes on the engine."""
    return set(docker("volume", "ls", "--quiet").split())


def image_id(reference: str) -> str:
    """The image that a reference names on the engine."""
    return docker("image", "inspect", "--format", "{{.Id}}", reference)


def tags_of(repository: str) -> frozenset[str]:
    """The references on the engine below `repository`, pulled digests left out."""
    rows = docker("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines()
    ours = (row for row in rows if row.startswith(f"{repository}/"))
    return frozenset(row for row in ours if not row.endswith(":<none>"))


def remove_images(*beginnings: str) -> None:
    """Remove every reference that begins so, pulled digests too; never an image by its ID.

    An image of the same content may have other names, which are not ours.
    """
    form = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}"
    rows = docker("images", "--digests", "--format", form).splitlines()
    words = {word for row in rows for word in row.split() if word.startswith(beginnings)}
    if names := sorted(word for word in words if "<none>" not in word):
        docker("rmi", "--force", *names)


def remove_project(project: str) -> None:
    """Remove what a project has: containers by label or name, then networks and volumes."""
    form = f'{{{{.Names}}}} {{{{.Label "{PROJECT}"}}}}'
    rows = (row.split() for row in docker("ps", "--all", "--format", form).splitlines())
    if left := sorted(name for name, *of in rows if project in name or of == [project]):
        docker("rm", "--force", "--volumes", *left)
    for kind in ("network", "volume"):
        label = f"label={PROJECT}={project}"
        if ids := docker(kind, "ls", "--quiet", "--filter", label).split():
            docker(kind, "rm", *ids)


def files(container: str, directory: str) -> Mapping[str, str]:
    """The files right in a container's directory, by name; no program of its image is needed."""
    argv = ["docker", "cp", "--follow-link", f"{container}:{directory}/.", "-"]
    copied = subprocess.run(argv, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(copied)) as tar:
        return {PurePosixPath(m.name).name: _text(tar, m) for m in tar if m.isfile()}


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = tar.extractfile(member)
    assert file
    return file.read().decode()


def _address(network: Mapping[str, str]) -> str:
    six = network["GlobalIPv6Address"]
    return network["IPAddress"] or (f"[{six}]" if six else "")


def _ports(published: Mapping[str, list[Mapping[str, str]] | None]) -> Iterator[tuple[int, str]]:
    for own, places in published.items():
        for place in places or []:
            host = f"[{place['HostIp']}]" if ":" in place["HostIp"] else place["HostIp"]
            yield int(own.partition("/")[0]), f"{host}:{place['HostPort']}"
