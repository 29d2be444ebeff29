"""Where the demo plays: the staging example on this machine's engine, and its registry."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.bed import images, say, staging
from tests.bed.__main__ import staging_up

SERVICE = "php-fpm"
FILE = staging.FILE.relative_to(images.ROOT)


def set_up() -> None:
    """Engine, registry, images and stack, each where it is not there yet.

    Raises:
        BedError: this machine has no engine, and the demo may not install one.
    """
    staging_up()


def push_newer() -> None:
    """Push a new version of the service's image under the tag that it has.

    Raises:
        BedError: it cannot be built or pushed.
    """
    version = images.bump(SERVICE)
    say.line(f"{images.STAGING[SERVICE].ref} is version {version} in the registry now")


def composeroll() -> Path:
    """The command of this environment."""
    return Path(sys.executable).with_name("composeroll")


def shown(path: Path) -> str:
    """A path as somebody at the top of the repository would type it."""
    return os.path.relpath(path, images.ROOT)
