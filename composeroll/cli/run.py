"""Run one verb that changes things: reporter, signals and stack around it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from msgspec import Struct

from composeroll.cli.ended import ended_with
from composeroll.cli.exit import exit_code
from composeroll.cli.open_stack import open_stack
from composeroll.cli.options import take_compose_flags, take_settings
from composeroll.cli.signals import Signals
from composeroll.errors import ComposerollError, ExitCode
from composeroll.report.choose import Mode, reporter_for
from composeroll.report.ending import finished_by
from composeroll.report.events import Finished, Outcome
from composeroll.report.reporter import Saying
from composeroll.report.sections import Ci

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    from composeroll.config.flags import ComposeFlags
    from composeroll.config.layers import Layer
    from composeroll.rollout.stack import Stack

BEGAN = time.monotonic()

Act: TypeAlias = "Callable[[Stack], tuple[Outcome, tuple[str, ...]]]"
"""What a verb does to a stack: how it ended, and for which services."""


class Run(Struct, frozen=True):
    """One run, as the command line asks for it.

    Attributes:
        settings: the settings' flags.
        mode: how it is shown.
    """

    flags: ComposeFlags
    settings: Layer
    mode: Mode

    @classmethod
    def taken_from(
        cls, context: click.Context, options: dict[str, Any], *, plan_is_answer: bool = False
    ) -> Self:
        """Sort a verb's options into what each room wants to know."""
        return cls(
            flags=take_compose_flags(context, options),
            settings=take_settings(options),
            mode=_mode(options, plan_is_answer=plan_is_answer),
        )

    def do(self, act: Act, words: str = "") -> int:
        """Run it, and tell how it ended: see `ended_with` for `words`.

        Returns:
            The exit code.
        """
        signals = Signals()
        shown = reporter_for(self.mode, sys.stdout, sys.stderr, os.environ)
        with (
            Saying(shown, self.flags.spelled_out) as report,
            signals.raised(),
        ):
            try:
                emit = signals.heeded_by(report)
                opened = open_stack(
                    self.flags,
                    self.settings,
                    emit,
                    signals.shield,
                    shows_replicas=report.shows_replicas,
                )
                with opened as stack:
                    outcome, services = act(stack)
                    signals.ignore()
                    text = ended_with(stack, outcome, services, words)
            except ComposerollError as error:
                report(finished_by(error, time.monotonic() - BEGAN))
                return exit_code(error)
            report(Finished(outcome, text, time.monotonic() - BEGAN))
            return ExitCode.DONE


def _mode(options: dict[str, Any], *, plan_is_answer: bool) -> Mode:
    record, events = options["record"], options["events"]
    return Mode(
        json=options["json"],
        quiet=options["quiet"],
        verbose=options["verbose"],
        ci=Ci(options["ci"]) if options["ci"] else None,
        plan_is_answer=plan_is_answer,
        record=Path(record) if record else None,
        events=Path(events) if events else None,
    )
