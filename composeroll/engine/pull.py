"""`docker compose pull`, with its progress as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from composeroll.config.flags import ComposeFlags
from composeroll.engine.child import Child
from composeroll.engine.compose_program import compose_argv
from composeroll.engine.compose_words import (
    PullLine,
    complaint,
    compose_failure,
    parse_pull_line,
)
from composeroll.engine.registry_words import registry_failure
from composeroll.errors import EngineError

OnProgress = Callable[[PullLine], None]

_NO_JSON = 'unsupported --progress value "json"'
"""The words of Compose before 2.29."""


def pull(flags: ComposeFlags, services: Sequence[str], on_progress: OnProgress) -> None:
    """Pull the images of services; those that only have a `build` are passed over by compose.

    Raises:
        EngineUnreachable: engine or registry does not answer.
        Refused: the registry has no such image, or not for this user.
        EngineError: anything else, in compose's own words.
    """
    code, said = _run(flags, "json", services, on_progress)
    if code and _NO_JSON in said:
        code, said = _run(flags, "plain", services, on_progress)
    if not code:
        return
    error = compose_failure(said)
    if isinstance(error, EngineError):
        raise registry_failure("\n".join(complaint(said)))
    raise error


def _run(
    flags: ComposeFlags, progress: str, services: Sequence[str], on_progress: OnProgress
) -> tuple[int, str]:
    child = Child(
        [*compose_argv(flags), "--ansi", "never", "--progress", progress, "pull", *services]
    )
    said: list[str] = []
    try:
        for line in child.stderr:
            said.append(line)
            if (found := parse_pull_line(line.rstrip("\n"))) is not None:
                on_progress(found)
    except BaseException:
        child.end()
        raise
    return child.result().code, "".join(said)
