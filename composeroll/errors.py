"""Every way composeroll can fail, and the exit code each one ends with.

    ComposerollError
    ├── UsageError                 2   the command line cannot be acted on
    │   └── SettingsError          2   a key or value in x-composeroll, the environment or a flag
    ├── Refused                    3   the preflight says no; nothing was touched
    │   └── GatewayUnread          3   so it does where a gateway could not be read
    ├── Locked                     4   another rollout holds the lock
    ├── EngineUnreachable          6   engine or registry does not answer, outside of a plan
    ├── EngineError                1   the engine or compose answered with an error
    ├── GatewayError               1   nginx rejected, or did not take, what it was given
    ├── NotReady                   1   an incoming replica died or did not prove itself in time
    ├── RolledBack                 1   the rollout failed and was undone
    ├── UndoFailed                 5   the rollout failed and the way back failed too
    ├── Unfinished                 5   failed past the line: what is to serve runs
    ├── LockLost                   5   another rollout came and went while this one had no lock
    └── Interrupted            128+n   a signal ended the rollout, which was undone first

Errors hold data. `composeroll.cli.run` and its reporter print those that end a rollout,
`composeroll.cli.main` all others.
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
    """An end that was foreseen.

    Attributes:
        what: what happened, one sentence without a full stop.
        serving: what still answers requests, or None where nothing was touched.
        help: the command or the line to change that helps next.
        evidence: lines of output that show it (check output, nginx's words, logs).
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
    """A key or a value of the settings is wrong; `what` names where it stands."""


@dataclass(eq=False)
class Refused(ComposerollError):
    """The preflight found a reason not to begin."""

    serving: str | None = "nothing was touched"

    exit_code = ExitCode.REFUSED


class GatewayUnread(Refused):
    """A gateway could not be read. Nothing tells when it can: it has to be looked at again."""


class Locked(ComposerollError):
    """Another rollout holds a lock of this run."""

    exit_code = ExitCode.LOCKED


@dataclass(eq=False)
class EngineUnreachable(ComposerollError):
    """The engine or the registry did not answer, outside of a plan: amid one it ends as another.

    What it says of containers holds before a command's first plan. A `sync` may have carried one
    out by then, and so may an `update` that has retired what had drained.
    """

    serving: str | None = "no container was touched"

    exit_code = ExitCode.UNREACHABLE


class EngineError(ComposerollError):
    """The engine, or compose, answered with an error."""


class GatewayError(ComposerollError):
    """nginx rejected what it was given, or did not take it."""


class NotReady(ComposerollError):
    """An incoming replica died, or did not prove itself within its time."""


class RolledBack(ComposerollError):
    """The rollout failed before the line and every step was undone."""


class UndoFailed(ComposerollError):
    """The rollout failed, and so did a step of the way back; the rest was left alone."""

    exit_code = ExitCode.UNFINISHED
    half_done = True


class Unfinished(ComposerollError):
    """The rollout failed past the line: running it again finishes it."""

    exit_code = ExitCode.UNFINISHED
    half_done = True


class LockLost(ComposerollError):
    """Somebody removed the lock of a rollout, and changed what it works on: it stops there."""

    exit_code = ExitCode.UNFINISHED
    half_done = True


@dataclass(eq=False)
class Interrupted(ComposerollError):
    """A signal ended the rollout; `signum` is its number."""

    signum: int = 0
