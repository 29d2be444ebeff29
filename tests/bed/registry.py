"""A real registry on loopback, from Debian's docker-registry."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from . import command, say, state
from .errors import BedError, NotReadyError

PORT = int(os.environ.get("COMPOSEROLL_BED_REGISTRY_PORT", "5055"))
ADDRESS = f"127.0.0.1:{PORT}"
NAME = "composeroll-bed-registry"
IMAGE = "composeroll-bed/registry"
ANSWERS_WITHIN = 60.0
REPLIES_WITHIN = 60.0

MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def up() -> None:
    """Return with a registry that answers on ADDRESS.

    One that runs is waited for: others may be using it, and it may be they who keep it busy.
    """
    if answers() or (runs() and _comes()):
        return
    with say.timed(f"starting the registry on {ADDRESS}"):
        command.run(
            ["docker", "build", "-q", "-t", IMAGE, str(Path(__file__).parent / "registry")],
            log="images",
        )
        down()
        start()


def start() -> None:
    """Start it from the image that is there."""
    command.run(
        [
            "docker",
            "run",
            "-d",
            "--name",
            NAME,
            "--restart",
            "unless-stopped",
            "-p",
            f"{ADDRESS}:5000",
            "-v",
            f"{NAME}:/var/lib/docker-registry",
            IMAGE,
        ]
    )
    state.await_state("The registry", answers, ANSWERS_WITHIN, f"See `docker logs {NAME}`.")


def down() -> None:
    """Remove the registry's container; its volume, and so its images, stay."""
    if command.answers(["docker", "container", "inspect", NAME]):
        command.run(["docker", "rm", "-f", NAME])


def runs() -> bool:
    """Whether its container does."""
    argv = ["docker", "container", "inspect", "--format", "{{.State.Running}}", NAME]
    return command.output(argv).strip() == "true"


def _comes() -> bool:
    """Whether it answers after all."""
    try:
        state.await_state("The registry", answers, ANSWERS_WITHIN)
    except NotReadyError:
        return False
    return True


def answers() -> bool:
    """Whether a registry answers on ADDRESS."""
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}/v2/", timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def has(ref: str) -> bool:
    """Whether the registry holds `ref`, written as address/name:tag."""
    try:
        _manifest(ref)
    except BedError:
        return False
    return True


def copy_tag(old: str, new: str) -> None:
    """Let `new` name the image that `old` names; both are tags of one repository."""
    kind, body = _manifest(old)
    _ask(_manifest_path(new), method="PUT", body=body, kind=kind)


def labels(ref: str) -> Mapping[str, str]:
    """The labels of the image that `ref` names in the registry."""
    manifest = json.loads(_manifest(ref)[1])
    repository = _repository(ref)
    if "manifests" in manifest:
        digest = manifest["manifests"][0]["digest"]
        manifest = json.loads(_ask(f"{repository}/manifests/{digest}")[1])
    digest = manifest["config"]["digest"]
    config = json.loads(_ask(f"{repository}/blobs/{digest}")[1])
    return dict(config["config"].get("Labels") or {})


def _repository(ref: str) -> str:
    return ref.removeprefix(f"{ADDRESS}/").rpartition(":")[0]


def _manifest_path(ref: str) -> str:
    return f"{_repository(ref)}/manifests/{ref.rpartition(':')[2]}"


def _manifest(ref: str) -> tuple[str, bytes]:
    return _ask(_manifest_path(ref))


def _ask(
    path: str, *, method: str = "GET", body: bytes | None = None, kind: str = ""
) -> tuple[str, bytes]:
    """One request; the reply's content type and body.

    Raises:
        BedError: the registry does not answer, or says no.
    """
    headers = {"Accept": ", ".join(MANIFESTS)} | ({"Content-Type": kind} if kind else {})
    url = f"http://{ADDRESS}/v2/{path}"
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=REPLIES_WITHIN) as reply:
            return reply.headers["Content-Type"], reply.read()
    except OSError as error:
        raise BedError(f"The registry on {ADDRESS} says {error} to {method} {path}") from error
