"""`python3 -m tests.bed up|down|status|images`."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from . import base_image, engine, registry, say
from .errors import BedError


def up() -> None:
    """Bring up what is missing."""
    start = time.monotonic()
    with ThreadPoolExecutor() as pool:
        making = pool.submit(base_image.make_tar) if _must_make_all() else None
        engine.up()
        if making:
            making.result()
    base_image.up()
    registry.up()
    say.line(
        f"up: {engine.version()}, registry {registry.ADDRESS} ({time.monotonic() - start:.1f} s)"
    )


def _must_make_all() -> bool:
    """Whether the base image can be made while the engine is being installed."""
    return engine.can_install() and not base_image.hub_answers()


def down() -> None:
    """Remove the registry; the engine and the base image stay."""
    registry.down()
    say.line("down: the registry is gone; the engine and its images stay")


def status() -> None:
    """Say what is there."""
    if not engine.answers():
        raise BedError("no engine answers; `python3 -m tests.bed up` brings one up")
    say.line(engine.version())
    say.line(f"{base_image.NAME}: {'there' if base_image.is_there() else 'missing'}")
    say.line(f"registry {registry.ADDRESS}: {'answers' if registry.answers() else 'down'}")


VERBS = {"up": up, "down": down, "status": status}


def main(arguments: list[str]) -> int:
    """Run one verb; return the exit code: 0 done, 1 failed, 2 usage."""
    if len(arguments) != 1 or arguments[0] not in VERBS:
        print(f"usage: python3 -m tests.bed {'|'.join(VERBS)}", file=sys.stderr)
        return 2
    try:
        VERBS[arguments[0]]()
    except BedError as error:
        print(f"bed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bed: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
