"""`docker compose pull`, with its progress as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from composeroll.config.flags import ComposeFlags
from composeroll.engine.child import Child
from composeroll.engine.compose.program import compose_argv
from composeroll.engine.compose.words import (
    PullLine,
    complaint,
    compose_failure,
    parse_pull_line,
)
from composeroll.engine.registry.reference import registry_of
from composeroll.engine.registry.words import registry_failure
from composeroll.errors import EngineError

OnProgress = Callable[[PullLine], None]

_NO_JSON = 'unsupported --progress value "json"'
"""The error of Compose before 2.29."""


def pull(flags: ComposeFlags, references: Mapping[str, str], on_progress: OnProgress) -> None:
    """Pull the images of services; compose skips those that only have a `build`.

    Args:
        flags: the flags that choose the project.
        references: the services' image references, by service.
        on_progress: called with each line of progress.

    Raises:
        EngineUnreachable: the engine or the registry does not answer.
        Refused: the registry does not have the image, or refuses it to this user.
        EngineError: any other failure, with compose's message.
    """
    code, said = _run(flags, "json", references, on_progress)
    if code and _NO_JSON in said:
        code, said = _run(flags, "plain", references, on_progress)
    if not code:
        return
    error = compose_failure(said)
    if isinstance(error, EngineError):
        raise registry_failure("\n".join(complaint(said)), failed_reference(said, references))
    raise error


def failed_reference(said: str, references: Mapping[str, str]) -> str:
    """Return the reference that could not be pulled, empty if unknown.

    Compose 5 names the reference, earlier versions name the service, and neither does if a layer
    failed.
    """
    lines = filter(None, map(parse_pull_line, said.splitlines()))
    failed = [line.service for line in lines if line.state.startswith("Error")]
    if failed:
        return references.get(failed[0], failed[0])
    one_registry = len({*map(registry_of, references.values())}) == 1
    return next(iter(references.values())) if one_registry else ""


def _run(
    flags: ComposeFlags, progress: str, services: Iterable[str], on_progress: OnProgress
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
