"""Reads from compose: the resolved model, and what an `up` would do. Nothing is changed."""

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
"""Time limit; a file with a remote include or secret may be slow."""


class ConfigReading:
    """A running `docker compose config`.

    Attributes:
        unset: the unset variables, for which it used empty values; valid after `result`.
        flags: the flags that the result was read with: with all profiles, if compose accepts them,
            since a service may depend on one of another profile, without which it is invalid.
    """

    def __init__(self, flags: ComposeFlags) -> None:
        self.unset: tuple[str, ...] = ()
        self.flags = flags.with_all_profiles()
        self._given = flags
        self._child = _config(self.flags)

    def result(self) -> str:
        """Return the resolved model as YAML, the format that keeps a service's `x-` keys.

        Raises:
            UsageError: compose does not accept the files; with its message.
            EngineUnreachable: there is no docker, or no Compose plugin, or it does not end.
        """
        ended = self._child.result(READ_SECONDS)
        if ended.code:  # services of inactive profiles may be invalid
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
    """Return the services of the active profiles, which an `up` without names starts.

    Only compose knows the active profiles: `--profile`, `COMPOSE_PROFILES`, several `.env`.

    Raises:
        EngineError: compose refuses, for example if one of them depends on an inactive service.
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
        """Return what a plain `up -d` would do to each container, by name.

        `Running` is up to date, `Recreate` is outdated, `Creating` is missing. `scales` are the
        current numbers, since compose would remove containers beyond smaller ones. Starts are left
        out: a dry run of them fails over files that compose would copy in (2.40).

        Raises:
            EngineError: compose refuses.
        """
        return read_verdicts(parse_dry_run(self._run(scales)))

    def preflight(self, scales: Scales) -> tuple[str, ...]:
        """Return the actions of a dry run that do more than create containers; empty is safe.

        `--no-recreate` does not apply to networks and volumes: if their definition has changed,
        compose stops the running containers.

        Raises:
            EngineError: compose refuses.
        """
        return dangers(parse_dry_run(self._run(scales, "--no-recreate")))

    def _run(self, scales: Scales, *options: str) -> str:
        if not scales:
            return ""  # without names, compose would take all services
        ended = Child(up_argv(self._flags, scales, *options, dry=True)).result(READ_SECONDS)
        if ended.code:
            raise compose_failure(ended.stderr)
        return ended.stderr + ended.stdout
