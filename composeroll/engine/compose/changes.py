"""Changes by compose: it creates containers, starts them, and recreates them in place.

A change is never interrupted. It runs in a thread, and an exception in the caller waits for compose
to end first, so that containers that are listed afterwards are complete.

Every rollout creates containers, with the same command as the preflight's dry run. Few rollouts
need the other changes, which use python-on-whales, whose import takes 0.13 s of processor time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from composeroll.config.flags import ComposeFlags
from composeroll.engine.child import Child
from composeroll.engine.compose.program import docker_for_compose
from composeroll.engine.compose.up import Scales, up_argv
from composeroll.engine.compose.words import compose_failure

if TYPE_CHECKING:
    from python_on_whales import DockerClient

T = TypeVar("T")

KEEPING_OTHERS = ("env", "COMPOSE_REMOVE_ORPHANS=false")
"""The same as the flag in `up.ONLY`, which python-on-whales does not offer."""


class Changes:
    """Compose's changes to one project."""

    def __init__(self, flags: ComposeFlags) -> None:
        self._flags = flags

    def create(self, scales: Scales) -> None:
        """Create the missing containers for `scales`, from local images, without starting them.

        Existing containers stay untouched if `preflight` was empty.

        Raises:
            EngineError: compose fails, with its message. Some containers may have been created.
        """
        argv = up_argv(self._flags, scales, "--no-recreate", dry=False)
        ended = _to_the_end(lambda: Child(argv).result())
        if ended.code:
            raise compose_failure(ended.stderr)

    def start(self, scales: Scales) -> None:
        """Start the existing containers as compose does: it copies files in, and runs hooks.

        It starts every container of these services that does not run.

        Raises:
            EngineError: compose or a hook fails. Some containers may have been started.
        """
        self._up(list(scales), scales=dict(scales), detach=True, recreate=False)

    def recreate(self, service: str, scale: int, *, renew_volumes: bool = True) -> None:
        """Replace all containers of a service in place, which leaves a gap.

        Args:
            service: the service.
            scale: how many it has.
            renew_volumes: whether to create new anonymous volumes, with code from the new image.

        Raises:
            EngineError: compose fails, with its message.
        """
        self._up(
            [service],
            scales={service: scale},
            detach=True,
            force_recreate=True,
            renew_anon_volumes=renew_volumes,
        )

    def _up(self, services: list[str], **options: Any) -> None:  # noqa: ANN401 the client's own
        from python_on_whales import DockerException  # noqa: PLC0415 - see above

        up: Callable[..., None] = self._whales.compose.up
        fixed = {"dependencies": False, "no_build": True, "pull": "never", "quiet": True}
        try:
            with _empty_stdin():
                _to_the_end(lambda: up(services, **fixed, **options))
        except DockerException as error:
            raise compose_failure(error.stderr or "") from error

    @cached_property
    def _whales(self) -> DockerClient:
        from python_on_whales import DockerClient  # noqa: PLC0415 - see above

        flags = self._flags
        return DockerClient(
            context=flags.context,
            host=flags.host,
            compose_files=list(flags.files),
            compose_profiles=list(flags.profiles),
            compose_env_files=list(flags.env_files),
            compose_project_name=flags.project_name,
            compose_project_directory=flags.project_directory,
            client_call=[*_own_session(), *KEEPING_OTHERS, *docker_for_compose(os.environ)],
            client_type="docker",
        )


def _own_session() -> list[str]:
    """Return `setsid` if it exists: Ctrl-C on the terminal then only reaches composeroll."""
    return ["setsid"] if shutil.which("setsid") else []


def _to_the_end(change: Callable[[], T]) -> T:
    """Run it in a thread, and wait for its end even if a signal raises an exception here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(change).result()


@contextmanager
def _empty_stdin() -> Iterator[None]:
    """Give child processes an empty standard input: compose asks before it deletes a volume.

    At its end compose takes the answer as no. python-on-whales has no option for it, and
    composeroll does not read its own standard input.
    """
    kept = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(nothing, 0)
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(nothing)
