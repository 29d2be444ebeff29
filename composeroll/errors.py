"""Every way composeroll can fail, and the exit code each one ends with.

    ComposerollError
    ├── UsageError                 2   the command line cannot be acted on
    │   └── SettingsError          2   a key or value in x-composeroll, the environment or a flag
    ├── Refused                    3   the preflight refused; nothing was touched
    │   └── GatewayUnread          3   it refused because a gateway could not be read
    ├── Locked                     4   another rollout holds the lock
    ├── EngineUnreachable          6   engine or registry does not answer, outside of a plan
    ├── EngineError                1   the engine or compose answered with an error
    ├── GatewayError               1   nginx rejected its new configuration, or did not load it
    ├── NotReady                   1   an incoming replica died or was not ready in time
    ├── RolledBack                 1   the rollout failed and was undone
    ├── UndoFailed                 5   the rollout failed, and undoing it failed too
    ├── Unfinished                 5   failed past the point of no return: the new replicas run
    ├── LockLost                   5   another rollout ran while this one had lost its lock
    └── Interrupted            128+n   a signal ended the rollout, which was undone first

Errors hold data. `composeroll.cli.run` and its reporter print the errors that end a rollout,
`composeroll.cli.main` prints all others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the command line: a contract with every script that calls it."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    LOCKED = 4
    UNFINISHED = 5
    UNREACHABLE = 6
    WAITING = 7
    SIGNAL = 128


@dataclass(eq=False)
class ComposerollError(Exception):
    """An error that composeroll expects and explains; anything else is a bug.

    Attributes:
        what: what happened, one sentence without a full stop.
        serving: what still answers requests, None if nothing was touched.
        help: the command to run next, or the line to change.
        evidence: output that shows it (of a probe or nginx, or logs), as lines.
        half_done: whether it leaves something for the next run to finish.
    """

    what: str
    serving: str | None = None
    help: str | None = None
    evidence: tuple[str, ...] = field(default=())

    exit_code = ExitCode.FAILED
    half_done = False

    def __str__(self) -> str:
        return self.what


class UsageError(ComposerollError):
    """The command line cannot be acted on."""

    exit_code = ExitCode.USAGE


class SettingsError(UsageError):
    """A key or a value of the settings is wrong; `what` names its place."""


@dataclass(eq=False)
class Refused(ComposerollError):
    """The preflight found a reason not to start the rollout."""

    serving: str | None = "nothing was touched"

    exit_code = ExitCode.REFUSED


class GatewayUnread(Refused):
    """A gateway could not be read; a caller that waits for it has to read it again."""


class Locked(ComposerollError):
    """Another rollout holds a lock of this run."""

    exit_code = ExitCode.LOCKED


@dataclass(eq=False)
class EngineUnreachable(ComposerollError):
    """The engine or the registry did not answer, before or after a plan ran.

    During a plan it becomes `RolledBack`, `UndoFailed` or `Unfinished`. `serving` is true before a
    command's first plan; a `sync`, or an `update` that retired detached replicas, may have run one.
    """

    serving: str | None = "no container was touched"

    exit_code = ExitCode.UNREACHABLE


class EngineError(ComposerollError):
    """The engine, or compose, answered with an error."""


class GatewayError(ComposerollError):
    """nginx rejected its new configuration, or did not load it."""


class NotReady(ComposerollError):
    """An incoming replica died, or was not ready in time."""


class RolledBack(ComposerollError):
    """The rollout failed before the point of no return, and every step was undone."""


class UndoFailed(ComposerollError):
    """The rollout failed, and so did undoing one of its steps; the steps before stay done."""

    exit_code = ExitCode.UNFINISHED
    half_done = True


class Unfinished(ComposerollError):
    """The rollout failed past the point of no return: running it again finishes it."""

    exit_code = ExitCode.UNFINISHED
    half_done = True


class LockLost(ComposerollError):
    """The rollout's lock was removed, and another run changed the upstream: the rollout stops."""

    exit_code = ExitCode.UNFINISHED
    half_done = True


@dataclass(eq=False)
class Interrupted(ComposerollError):
    """A signal ended the rollout; `signum` is its number."""

    signum: int = 0
