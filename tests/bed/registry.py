"""A real registry on loopback, from Debian's docker-registry."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from pathlib import Path

from . import command, say, state

PORT = int(os.environ.get("COMPOSEROLL_BED_REGISTRY_PORT", "5055"))
ADDRESS = f"127.0.0.1:{PORT}"
NAME = "composeroll-bed-registry"
IMAGE = "composeroll-bed/registry"
ANSWERS_WITHIN = 20.0


def up() -> None:
    """Return with a registry that answers on ADDRESS."""
    if answers():
        return
    with say.timed(f"starting the registry on {ADDRESS}"):
        command.run(
            ["docker", "build", "-q", "-t", IMAGE, str(Path(__file__).parent / "registry")],
            log="images",
        )
        down()
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


def answers() -> bool:
    """Whether a registry answers on ADDRESS."""
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}/v2/", timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
