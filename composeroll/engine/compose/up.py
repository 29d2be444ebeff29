"""`docker compose up`: one command for the dry run and for the change."""

from __future__ import annotations

from collections.abc import Mapping

from composeroll.config.flags import ComposeFlags
from composeroll.engine.compose.program import compose_argv

Scales = Mapping[str, int]
"""How many containers each service is to have; it also selects the services."""

WORDS = ("--ansi", "never", "--progress", "plain")
"""The output format that is parsed."""

ONLY = ("--no-start", "--no-deps", "--no-build", "--pull", "never", "--remove-orphans=false")
"""Only the named services, from local images, without starting them. COMPOSE_REMOVE_ORPHANS in the
user's environment is meant for an `up` of the whole project."""


def up_argv(flags: ComposeFlags, scales: Scales, *options: str, dry: bool) -> list[str]:
    """Return the command that scales services to these numbers; `dry` only shows its actions."""
    compose = [*compose_argv(flags), *WORDS, *(["--dry-run"] if dry else [])]
    scaled = [word for name, n in scales.items() for word in ("--scale", f"{name}={n}")]
    return [*compose, "up", *ONLY, *options, *scaled, *scales]
