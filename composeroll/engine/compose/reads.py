"""What is asked of compose: the resolved model, and what an `up` would do. Changes nothing."""

from __future__ import annotations

from typing import Self

from composeroll.config.flags import ComposeFlags
from composeroll.engine.child import Child
from composeroll.engine.compose.program import compose_argv
from composeroll.engine.compose.up import Scales, up_argv
from composeroll.engine.compose.words import (
    complaint,
    compose_failure,
    dangers,
    parse_dry_run,
    read_verdicts,
    unset_variables,
)
from composeroll.errors import EngineError, UsageError

READ_SECONDS = 300.0
"""A file with a remote include or secret may be slow; after that its server does not answer."""


class ConfigReading:
    """`docker compose config`, on its way.

    Attributes:
        unset: the variables for which it took a blank, once there is a result.
        flags: those that the result was read with: with all profiles, if compose accepts them. A
            service may depend on one of another profile, without which it is invalid to compose.
    """

    def __init__(self, flags: ComposeFlags) -> None:
        self.unset: tuple[str, ...] = ()
        self.flags = flags.with_all_profiles()
        self._given = flags
        self._child = _config(self.flags)

    def result(self) -> str:
        """The resolved model as YAML, the form that keeps a service's `x-` keys.

        Raises:
            UsageError: compose does not accept the files, in compose's words.
            EngineUnreachable: there is no docker, or no Compose plugin, or it does not end.
        """
        ended = self._child.result(READ_SECONDS)
        if ended.code:  # of services that nobody has activated all may be wrong
            self.flags = self._given
            self._child = _config(self.flags)
            ended = self._child.result(READ_SECONDS)
        if ended.code == 0:
            self.unset = unset_variables(ended.stderr)
            return ended.stdout
        error = compose_failure(ended.stderr)
        if isinstance(error, EngineError):
            more = (line for line in complaint(ended.stderr) if line != error.what)
            raise UsageError(error.what, "nothing was touched", evidence=tuple(more))
        raise error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End compose, if it still runs."""
        self._child.end()


def _config(flags: ComposeFlags) -> Child:
    return Child([*compose_argv(flags), "config"])


def start_config(flags: ComposeFlags) -> ConfigReading:
    """Start to read the model, with all profiles, while modules are imported."""
    return ConfigReading(flags)


def shown_services(flags: ComposeFlags) -> tuple[str, ...]:
    """The services that the active profiles show: those that an `up` without names means.

    Which profiles are active, only compose knows: `--profile`, `COMPOSE_PROFILES`, several `.env`.

    Raises:
        EngineError: compose refuses, as where one of them depends on another that is not shown.
    """
    ended = Child([*compose_argv(flags), "config", "--services"]).result(READ_SECONDS)
    if ended.code:
        raise compose_failure(ended.stderr)
    return tuple(ended.stdout.split())


class DryRun:
    """Compose's own judgement, from `up --dry-run`."""

    def __init__(self, flags: ComposeFlags) -> None:
        self._flags = flags

    def verdicts(self, scales: Scales) -> dict[str, str]:
        """What a plain `up -d` would do to each container, by its name.

        `Running` is up to date, `Recreate` is outdated, `Creating` is missing. `scales` are the
        numbers that are there now: fewer would make compose remove some. Starting is left out: a
        dry run of it fails over a file that compose would copy in (2.40).

        Raises:
            EngineError: compose refuses.
        """
        return read_verdicts(parse_dry_run(self._run(scales)))

    def preflight(self, scales: Scales) -> tuple[str, ...]:
        """The lines of a dry `create` that do more than make new containers.

        `--no-recreate` does not hold for networks and volumes: with a changed definition compose
        stops the running containers. Empty is safe.

        Raises:
            EngineError: compose refuses.
        """
        return dangers(parse_dry_run(self._run(scales, "--no-recreate")))

    def _run(self, scales: Scales, *options: str) -> str:
        if not scales:
            return ""  # compose takes no name for all of them
        ended = Child(up_argv(self._flags, scales, *options, dry=True)).result(READ_SECONDS)
        if ended.code:
            raise compose_failure(ended.stderr)
        return ended.stderr + ended.stdout
