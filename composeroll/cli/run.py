"""Run one rollout from the command line: reporter, signals and stack around the runbook."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import click

from composeroll.cli.exit import exit_code
from composeroll.cli.open_stack import open_stack
from composeroll.cli.options import take_compose_flags, take_settings
from composeroll.cli.services import services_of
from composeroll.cli.signals import Signals
from composeroll.config.flags import ComposeFlags
from composeroll.config.layers import Layer
from composeroll.config.settings import Pull
from composeroll.errors import ComposerollError, ExitCode
from composeroll.report.choose import Mode, reporter_for
from composeroll.report.ending import finished_by
from composeroll.report.events import Finished
from composeroll.report.sections import Ci

BEGAN = time.monotonic()


@dataclass(frozen=True, slots=True)
class Request:
    """A rollout as the command line asks for it.

    Attributes:
        services: the services named, empty with `everything`.
        everything: `--all`.
        settings: the settings' flags.
    """

    services: tuple[str, ...]
    everything: bool
    force: bool
    pull: Pull
    dry_run: bool
    lock_wait: float
    flags: ComposeFlags
    settings: Layer
    mode: Mode

    @classmethod
    def taken_from(cls, context: click.Context, options: dict[str, Any]) -> Self:
        """Sort a verb's options into what each room wants to know."""
        return cls(
            flags=take_compose_flags(context, options),
            settings=take_settings(options),
            services=options["services"],
            everything=options["everything"],
            force=options["force"],
            pull=Pull(options["pull"]),
            dry_run=options["dry_run"],
            lock_wait=options.get("lock_wait") or 0.0,
            mode=_mode(options),
        )


def _mode(options: dict[str, Any]) -> Mode:
    record, events = options["record"], options["events"]
    return Mode(
        json=options["json"],
        quiet=options["quiet"],
        verbose=options["verbose"],
        ci=Ci(options["ci"]) if options["ci"] else None,
        plan_is_answer=options["dry_run"],
        record=Path(record) if record else None,
        events=Path(events) if events else None,
    )


def roll(request: Request) -> int:
    """Run it, and tell how it ended.

    Returns:
        The exit code.
    """
    signals = Signals()
    with (
        reporter_for(request.mode, sys.stdout, sys.stderr, os.environ) as report,
        signals.raised(),
    ):
        try:
            with open_stack(request.flags, request.settings, report, signals.shield) as stack:
                from composeroll.rollout.update import Wanted, update  # noqa: PLC0415 - late

                names = services_of(stack.project, request.services, everything=request.everything)
                wanted = Wanted(
                    names, request.force, request.pull, request.dry_run, request.lock_wait
                )
                outcome = update(stack, wanted)
        except ComposerollError as error:
            report(finished_by(error, time.monotonic() - BEGAN))
            return exit_code(error)
        text = f"{', '.join(names)}: {outcome.value}"
        report(Finished(outcome, text, time.monotonic() - BEGAN))
        return ExitCode.DONE
