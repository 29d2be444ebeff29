"""Which containers only carry volumes, and which volumes would go with a service. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from composeroll.config.project import Service
from composeroll.model import ContainerState, Replica

IDLE = frozenset({"sleep", "tail", "true", "cat", "pause", "wait", "trap", "echo", ":"})
"""Programs that a container runs to stay, or to end at once, and for nothing else."""

BRIEF = 300.0
"""Seconds that a container may take for filling its volumes; what ran for longer was at work."""

_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_WRAPPERS = frozenset({"tini", "dumb-init", "catatonit", "busybox"})
_SEPARATORS = re.compile(r"[;&|\n]+")
_KEYWORDS = frozenset({"while", "until", "do", "done", "exec"})


def only_carries(replicas: Sequence[Replica]) -> bool:
    """Whether no container of a service works: none runs, or what runs is plainly idle.

    What was stopped is not idle: only what has ended well by itself, and was never to be revived.
    A database ends as well when somebody stops it, but has run for longer than one that copies.
    """
    return all(
        r.state is ContainerState.CREATED
        or (r.finished and r.lasted <= BRIEF)
        or is_idle(r.command)
        for r in replicas
    )


def only_idles(replicas: Sequence[Replica]) -> bool:
    """Whether there are containers, and each was made to wait: an edge, for its network alone."""
    return bool(replicas) and all(is_idle(r.command) for r in replicas)


def is_idle(command: Sequence[str]) -> bool:
    """Whether a command only waits or ends, by its name: `sleep infinity`, `tail -f /dev/null`.

    It is looked for behind an init (`tini --`) and in `sh -c "…"`, where every command has to be
    such a one. In doubt it works: taking a server for idle would cost its data.
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
    """The paths of a service's own anonymous volumes: new containers get new ones.

    What it took over from others by `volumes_from` is theirs.
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
