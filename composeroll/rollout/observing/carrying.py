"""Containers that only carry volumes, and the anonymous volumes of a service. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from composeroll.config.project import Service
from composeroll.model import ContainerState, Replica

IDLE = frozenset({"sleep", "tail", "true", "cat", "pause", "wait", "trap", "echo", ":"})
"""Programs that only keep a container running, or end at once."""

BRIEF = 300.0
"""Seconds that a container may take to fill its volumes; one that ran for longer does work."""

_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_WRAPPERS = frozenset({"tini", "dumb-init", "catatonit", "busybox"})
_SEPARATORS = re.compile(r"[;&|\n]+")
_KEYWORDS = frozenset({"while", "until", "do", "done", "exec"})


def only_carries(replicas: Sequence[Replica]) -> bool:
    """Return whether no container of a service does work: none runs, or those that run are idle.

    A container that was stopped does not count as idle, only one that has ended by itself with 0
    and has no restart policy. A stopped database also ends with 0, but has run for longer than a
    container that copies files.
    """
    return all(
        r.state is ContainerState.CREATED
        or (r.finished and r.lasted <= BRIEF)
        or is_idle(r.command)
        for r in replicas
    )


def only_idles(replicas: Sequence[Replica]) -> bool:
    """Return whether there are containers and all of them only wait, like an edge."""
    return bool(replicas) and all(is_idle(r.command) for r in replicas)


def is_idle(command: Sequence[str]) -> bool:
    """Return whether a command only waits or ends, such as `sleep infinity`, `tail -f /dev/null`.

    Also after an init (`tini --`), and in `sh -c "…"` if all its commands do. In doubt the command
    counts as work, since data of a server that was mistaken for an idle container would be lost.
    """
    match [_basename(command[0]), *command[1:]] if command else []:
        case [shell, "-c", text, *_] if shell in _SHELLS:
            return all(map(_idles, _SEPARATORS.split(text)))
        case [wrapper, *rest] if wrapper in _WRAPPERS:
            while rest and rest[0].startswith("-"):
                del rest[0]
            return is_idle(rest)
        case [program, *_]:
            return program in IDLE
        case _:
            return False


def anonymous_volumes(
    service: Service, replicas: Sequence[Replica], everyone: Sequence[Replica]
) -> tuple[str, ...]:
    """Return the paths of a service's anonymous volumes, of which new containers get new ones.

    Those that it mounts by `volumes_from` belong to the other services.
    """
    sources = [r for r in everyone if r.service in service.volumes_from]
    taken_over = {mount.destination for r in sources for mount in r.mounts}
    own = {m.destination for r in replicas for m in r.mounts if m.anonymous}
    return tuple(sorted(own - taken_over))


def _idles(command: str) -> bool:
    words = [word for word in command.split() if word not in _KEYWORDS]
    return not words or _basename(words[0]) in IDLE


def _basename(program: str) -> str:
    return PurePosixPath(program).name
