"""The one base image, `debian:trixie-slim`: the local one, Docker Hub's, or made here."""

from __future__ import annotations

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from . import apt, command, say, state
from .errors import BedError, CommandError

NAME = "debian:trixie-slim"
SUITE = "trixie"
HUB = "https://registry-1.docker.io/v2/"
HUB_ANSWERS_WITHIN = 3.0
PULL_WITHIN = 120.0
"""Seconds for 30 MB."""

PASS_ON = ("Acquire::Check-Valid-Until", "Acquire::http::Proxy", "Acquire::https::Proxy")
"""What the machine's own apt is told and an apt inside an image needs to know as well."""

NEEDLESS = ("doc", "info", "locale", "man")


def up() -> None:
    """Return with the base image present.

    Raises:
        BedError: it cannot be pulled, and this is not a machine where it can be made.
    """
    if is_there() or (hub_answers() and _pull()):
        return
    if not tar().exists():
        make_tar()
    command.run(["docker", "import", "-c", 'CMD ["bash"]', str(tar()), NAME])
    tar().unlink()


def is_there() -> bool:
    """Whether the engine holds the base image."""
    return command.answers(["docker", "image", "inspect", NAME])


def hub_answers() -> bool:
    """Whether Docker Hub can be reached, whatever it says."""
    try:
        urllib.request.urlopen(HUB, timeout=HUB_ANSWERS_WITHIN).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _pull() -> bool:
    try:
        with say.timed(f"pulling {NAME}"):
            command.run(["docker", "pull", "-q", NAME], timeout=PULL_WITHIN)
    except CommandError:
        return False
    return True


def tar() -> Path:
    """Where the base image lies before an engine has it."""
    return state.directory() / "base-image.tar"


def make_tar() -> None:
    """Make the base image's file system from Debian's packages; needs no engine yet.

    Raises:
        BedError: this user or this machine cannot do that.
    """
    if os.geteuid() != 0 or not apt.is_debian_like():
        raise BedError(
            f"Docker Hub does not answer, and only root on Debian or Ubuntu can make {NAME}."
        )
    with say.timed(f"Docker Hub does not answer: making {NAME} from Debian's packages"):
        if shutil.which("mmdebstrap") is None:
            apt.install(["mmdebstrap", "debian-archive-keyring"])
        half = tar().with_suffix(".half.tar")
        command.run(["mmdebstrap", *_options(), SUITE, str(half), *_mirror()], log="base-image")
        half.rename(tar())


def _options() -> Iterator[str]:
    yield from ("--mode=root", "--variant=minbase", "--format=tar")
    yield '--aptopt=Acquire::Languages "none"'
    yield "--dpkgopt=force-unsafe-io"
    yield from (f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in NEEDLESS)
    yield from (f"--aptopt={setting}" for setting in apt.settings(PASS_ON))


def _mirror() -> list[str]:
    """The machine's own mirror if that is Debian's; without one mmdebstrap knows its own."""
    is_debian = apt.release().get("ID") == "debian"
    return [apt.own_source().uri] if is_debian else []
