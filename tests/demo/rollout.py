"""The rollout itself: the real command, as a process of its own on this terminal."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.bed import images
from tests.demo.stage import FILE, SERVICE, composeroll

UPDATE = ("update", "-f", str(FILE), SERVICE)


def roll(events: Path, picture: Path | None) -> int:
    """Run `composeroll update`, with its live view where this is a terminal.

    Args:
        events: the file that gets its events.
        picture: the file that gets its picture, if one is wanted.

    Returns:
        Its exit code.
    """
    drawn = ("--record", str(picture)) if picture else ()
    return _finish([str(composeroll()), *UPDATE, "--events", str(events), *drawn])


def _finish(argv: Sequence[str]) -> int:
    with subprocess.Popen(argv, cwd=images.ROOT, stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()  # Ctrl-C reached it as well, and it takes back what it began
            raise
