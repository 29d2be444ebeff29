"""The one base image, `debian:trixie-slim`: the local one, Docker Hub's, or made here."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from . import apt, command, say
from .errors import BedError, CommandFailed

NAME = "debian:trixie-slim"
SUITE = "trixie"
PULL_WITHIN = 60.0
"""Seconds for 30 MB; where Docker Hub's name does not resolve the pull fails at once."""

NEEDLESS = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale",
            "usr/share/man", "usr/share/info", "var/log", "debootstrap")


def up() -> None:
    """Return with the base image present.

    Raises:
        BedError: it cannot be pulled, and this is not a machine where it can be made.
    """
    if is_there() or _pull():
        return
    if not apt.is_debian_like():
        raise BedError(f"{NAME} cannot be pulled, and only Debian and Ubuntu can make it.")
    with say.timed(f"Docker Hub does not answer: making {NAME} with debootstrap"):
        _make()


def is_there() -> bool:
    """Whether the engine holds the base image."""
    return command.answers(["docker", "image", "inspect", NAME])


def _pull() -> bool:
    try:
        command.run(["docker", "pull", "-q", NAME], timeout=PULL_WITHIN)
    except CommandFailed:
        return False
    return True


def _make() -> None:
    if shutil.which("debootstrap") is None:
        apt.install(["debootstrap"])
    with tempfile.TemporaryDirectory(prefix="composeroll-bed-") as folder:
        root = Path(folder) / "root"
        argv = ["debootstrap", "--variant=minbase", SUITE, str(root), apt.own_source().uri]
        command.run(argv, log="debootstrap")
        _trim(root)
        _import(root, Path(folder) / "root.tar")


def _trim(root: Path) -> None:
    for name in NEEDLESS:
        shutil.rmtree(root / name, ignore_errors=True)


def _import(root: Path, tar: Path) -> None:
    command.run(["tar", "-C", str(root), "-cf", str(tar), "."])
    command.run(["docker", "import", "-c", 'CMD ["bash"]', str(tar), NAME])
