"""`docker compose up`, as it is asked about (`--dry-run`) and as it is done: one command."""

from __future__ import annotations

from collections.abc import Mapping

from composeroll.config.flags import ComposeFlags
from composeroll.engine.compose.program import compose_argv

Scales = Mapping[str, int]
"""How many containers each service is to have; naming it is what selects it."""

WORDS = ("--ansi", "never", "--progress", "plain")
"""Lines that a program can read."""

ONLY = ("--no-start", "--no-deps", "--no-build", "--pull", "never", "--remove-orphans=false")
"""The named services only, from the images that are here, and nothing is started. A user who has
COMPOSE_REMOVE_ORPHANS means `up` of the whole project."""


def up_argv(flags: ComposeFlags, scales: Scales, *options: str, dry: bool) -> list[str]:
    """Return the command that scales services to these numbers; `dry` only shows its actions."""
    compose = [*compose_argv(flags), *WORDS, *(["--dry-run"] if dry else [])]
    scaled = [word for name, n in scales.items() for word in ("--scale", f"{name}={n}")]
    return [*compose, "up", *ONLY, *options, *scaled, *scales]
