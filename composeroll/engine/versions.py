"""The versions of compose and of the engine, from docker."""

from __future__ import annotations

from composeroll.config.flags import ComposeFlags
from composeroll.engine.api.transport import HELP
from composeroll.engine.child import Child
from composeroll.engine.compose.words import compose_failure
from composeroll.errors import EngineUnreachable

SECONDS = 20.0
"""Time limit; over ssh an engine may take a while."""


def compose_version(flags: ComposeFlags) -> str:
    """Return the version of the Compose plugin.

    Raises:
        EngineUnreachable: there is no docker, or no Compose plugin.
    """
    return _asked([*flags.docker_argv(), "compose", "version", "--short"])


def engine_version(flags: ComposeFlags) -> str:
    """Return the version of the engine that the flags choose.

    Raises:
        EngineUnreachable: there is no docker, or no engine answers.
    """
    return _asked([*flags.docker_argv(), "version", "--format", "{{.Server.Version}}"])


def _asked(argv: list[str]) -> str:
    ended = Child(argv).result(SECONDS)
    if not ended.code:
        return ended.stdout.strip()
    error = compose_failure(ended.stderr)
    if isinstance(error, EngineUnreachable):
        raise error
    raise EngineUnreachable(error.what, help=HELP, evidence=error.evidence)
