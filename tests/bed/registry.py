"""A real registry on loopback, from Debian's docker-registry."""

from __future__ import annotations

import hashlib
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

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
BLOB = "application/octet-stream"


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
    _put(new, kind, body)


def issue(old: str, new: str, marks: Mapping[str, str]) -> None:
    """Let `new` name what `old` names with `marks` among its labels: an image of its own ID.

    Its layers are those of `old`, which the registry need not be sent again.
    """
    kind, manifest = _image(old)
    config = _config(old, manifest)
    config["config"]["Labels"] = {**(config["config"].get("Labels") or {}), **marks}
    body = json.dumps(config).encode()
    manifest["config"] |= {"digest": _upload(new, body), "size": len(body)}
    for layer in manifest["layers"]:
        _mount(layer["digest"], _repository(old), _repository(new))
    _put(new, kind, json.dumps(manifest).encode())


def labels(ref: str) -> Mapping[str, str]:
    """The labels of the image that `ref` names in the registry."""
    config = _config(ref, _image(ref)[1])
    return dict(config["config"].get("Labels") or {})


def _image(ref: str) -> tuple[str, dict[str, Any]]:
    """An image's manifest and what kind it is; of an index, the first one's."""
    kind, body = _manifest(ref)
    manifest = json.loads(body)
    if "manifests" not in manifest:
        return kind, manifest
    headers, body = _ask(f"{_repository(ref)}/manifests/{manifest['manifests'][0]['digest']}")
    return headers["Content-Type"], json.loads(body)


def _config(ref: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    body = _ask(f"{_repository(ref)}/blobs/{manifest['config']['digest']}")[1]
    return dict(json.loads(body))


def _upload(ref: str, blob: bytes) -> str:
    """Send a blob to the repository of `ref`; its digest."""
    digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
    headers, _ = _ask(f"{_repository(ref)}/blobs/uploads/", method="POST")
    _, _, place = headers["Location"].partition("/v2/")
    more = "&" if "?" in place else "?"
    _ask(f"{place}{more}{urlencode({'digest': digest})}", method="PUT", body=blob, kind=BLOB)
    return digest


def _mount(digest: str, old: str, new: str) -> None:
    """Let a repository hold a blob of another."""
    wanted = urlencode({"mount": digest, "from": old})
    _ask(f"{new}/blobs/uploads/?{wanted}", method="POST")


def _repository(ref: str) -> str:
    return ref.removeprefix(f"{ADDRESS}/").rpartition(":")[0]


def _manifest_path(ref: str) -> str:
    return f"{_repository(ref)}/manifests/{ref.rpartition(':')[2]}"


def _manifest(ref: str) -> tuple[str, bytes]:
    headers, body = _ask(_manifest_path(ref))
    return headers["Content-Type"], body


def _put(ref: str, kind: str, manifest: bytes) -> None:
    _ask(_manifest_path(ref), method="PUT", body=manifest, kind=kind)


def _ask(
    path: str, *, method: str = "GET", body: bytes | None = None, kind: str = ""
) -> tuple[Message, bytes]:
    """One request; the reply's headers and body.

    Raises:
        BedError: the registry does not answer, or says no.
    """
    headers = {"Accept": ", ".join(MANIFESTS)} | ({"Content-Type": kind} if kind else {})
    url = f"http://{ADDRESS}/v2/{path}"
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=REPLIES_WITHIN) as reply:
            return reply.headers, reply.read()
    except OSError as error:
        raise BedError(f"The registry on {ADDRESS} says {error} to {method} {path}") from error
