"""What is asked of compose: the resolved model, and what an `up` would do. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from composeroll.config.flags import ComposeFlags
from composeroll.engine.child import Child
from composeroll.engine.compose_program import compose_argv
from composeroll.engine.compose_words import (
    complaint,
    compose_failure,
    dangers,
    parse_dry_run,
    verdicts,
)
from composeroll.errors import EngineError, UsageError

UP = ("--no-deps", "--no-build", "--pull", "never")
"""Every `up`: the named services only, from the images that are here."""

Scales = Mapping[str, int]
"""How many containers each service is to have; naming it is what selects it."""


READ_SECONDS = 300.0
"""A file with a remote include or secret may be slow; beyond that somebody does not answer."""


FRESH = 10.0
"""Seconds for which compose's answer to a preflight holds, where it was asked for beforehand."""


class ConfigReading:
    """`docker compose config`, on its way."""

    def __init__(self, flags: ComposeFlags) -> None:
        self._child = Child([*compose_argv(flags.with_all_profiles()), "config"])

    def result(self) -> str:
        """The resolved model as YAML, the form that keeps a service's `x-` keys.

        Raises:
            UsageError: compose does not accept the files, in compose's words.
            EngineUnreachable: there is no docker, or no Compose plugin, or it does not end.
        """
        ended = self._child.result(READ_SECONDS)
        if ended.code == 0:
            return ended.stdout
        error = compose_failure(ended.stderr)
        if isinstance(error, EngineError):
            more = (line for line in complaint(ended.stderr) if line != error.what)
            raise UsageError(error.what, "nothing was touched", evidence=tuple(more))
        raise error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Whoever leaves before the answer leaves no compose behind."""
        self._child.end()


def start_config(flags: ComposeFlags) -> ConfigReading:
    """Begin to read the model, with all profiles; imports can go on meanwhile."""
    return ConfigReading(flags)


class DryRun:
    """Compose's own judgement, from `up --dry-run`."""

    def __init__(self, flags: ComposeFlags) -> None:
        self._flags = flags
        self._ahead: _Preflight | None = None

    def outdated(self, scales: Scales) -> dict[str, str]:
        """What a plain `up -d` would do to each container, by its name.

        `Running` is up to date, `Recreate` is outdated, `Creating` is missing. `scales` are the
        numbers that are there now: fewer would make compose remove some. Starting is left out: a
        dry run of it fails over a file that compose would copy in (2.40).

        Raises:
            EngineError: compose refuses.
        """
        if not scales:
            return {}  # compose takes no name for all of them
        return verdicts(parse_dry_run(_said(self._begin(scales, "--no-start"))))

    def begin_preflight(self, scales: Scales) -> None:
        """Ask what `preflight` is going to ask, while something else is waited for."""
        self.forget()
        if scales:
            self._ahead = _Preflight(dict(scales), self._create(scales), time.monotonic())

    def preflight(self, scales: Scales) -> tuple[str, ...]:
        """The lines of a dry `create` that do more than make new containers.

        `--no-recreate` does not hold for networks and volumes: with a changed definition compose
        stops the running containers. Empty is safe.

        Raises:
            EngineError: compose refuses.
        """
        if not scales:
            return ()
        ahead, self._ahead = self._ahead, None
        if ahead and (said := ahead.answer_to(scales)):
            return dangers(parse_dry_run(said))
        return dangers(parse_dry_run(_said(self._create(scales))))

    def forget(self) -> None:
        """End what was asked beforehand."""
        ahead, self._ahead = self._ahead, None
        if ahead:
            ahead.child.end()

    def _create(self, scales: Scales) -> Child:
        return self._begin(scales, "--no-start", "--no-recreate")

    def _begin(self, scales: Scales, *options: str) -> Child:
        argv = [*compose_argv(self._flags), "--ansi", "never", "--progress", "plain", "--dry-run"]
        scaled = [word for name, n in scales.items() for word in ("--scale", f"{name}={n}")]
        return Child([*argv, "up", *options, *UP, *scaled, *scales])


@dataclass(frozen=True, slots=True)
class _Preflight:
    """One that was begun before it was asked for."""

    scales: Scales
    child: Child
    begun: float

    def answer_to(self, scales: Scales) -> str:
        """What compose says; empty where it was asked about something else, too early, or in vain.

        In vain is before a pull, where there is no image yet.
        """
        if self.scales != scales or time.monotonic() - self.begun > FRESH:
            self.child.end()
            return ""
        ended = self.child.result(READ_SECONDS)
        return "" if ended.code else ended.stderr + ended.stdout


def _said(child: Child) -> str:
    ended = child.result(READ_SECONDS)
    if ended.code:
        raise compose_failure(ended.stderr)
    return ended.stderr + ended.stdout
