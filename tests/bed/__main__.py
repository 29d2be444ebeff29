"""`python3 -m tests.bed VERB`: see VERBS."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from . import base_image, engine, images, registry, say, staging
from .errors import BedError


def up() -> None:
    """Bring up what is missing: engine, base image, registry."""
    ground()
    registry.up()


def ground() -> None:
    """What everything else stands on: the engine and the base image."""
    with ThreadPoolExecutor() as pool:
        making = pool.submit(base_image.make_tar) if _must_make_all() else None
        engine.up()
        if making:
            making.result()
    base_image.up()
    say.line(engine.version())


def _must_make_all() -> bool:
    """Whether the base image can be made while the engine is being installed."""
    return engine.can_install() and not base_image.hub_answers()


def all_images() -> None:
    """The same, and every image of the project."""
    ground()
    images.all_up()


def staging_up() -> None:
    """The same, and the staging stack with its images."""
    ground()
    images.up(images.STAGING.values())
    staging.up()
    say.line(f"staging: {staging.SITE}/ and {staging.DICTIONARY}/rollout")


def staging_down() -> None:
    """Remove the staging stack and its volumes."""
    staging.down()


def down() -> None:
    """Remove the registry; the engine and its images stay."""
    registry.down()


def status() -> None:
    """Say what is there."""
    if not engine.answers():
        raise BedError("no engine answers; `python3 -m tests.bed up` brings one up")
    say.line(engine.version())
    say.line(f"{base_image.NAME}: {'there' if base_image.is_there() else 'missing'}")
    say.line(f"registry {registry.ADDRESS}: {'answers' if registry.answers() else 'down'}")
    say.line(f"staging {staging.SITE}: {'answers' if staging.is_up() else 'down'}")


def bump(service: str, version: str | None = None) -> None:
    """Push a new version of a staging service under its tag."""
    if service not in images.STAGING:
        raise BedError(f"{service} is none of {', '.join(images.STAGING)}")
    ref = images.STAGING[service].ref
    say.line(f"{ref} is now version {images.bump(service, version)}")


VERBS: Mapping[str, Callable[..., None]] = {
    "up": up,
    "images": all_images,
    "staging": staging_up,
    "staging-down": staging_down,
    "bump": bump,
    "status": status,
    "down": down,
}
USAGE = f"usage: python3 -m tests.bed {'|'.join(VERBS)}\n       bump takes SERVICE [VERSION]"


def main(arguments: list[str]) -> int:
    """Run one verb; return the exit code: 0 done, 1 failed, 2 usage, 128+n signal."""
    verb, *rest = arguments or [""]
    if verb not in VERBS or len(rest) not in ((1, 2) if verb == "bump" else (0,)):
        print(USAGE, file=sys.stderr)
        return 2
    start = time.monotonic()
    try:
        VERBS[verb](*rest)
        say.line(f"{verb}: done in {time.monotonic() - start:.1f} s")
    except BedError as error:
        print(f"bed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bed: interrupted; run it again to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
