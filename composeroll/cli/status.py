"""`composeroll status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from composeroll.cli.looking import look, looking_options
from composeroll.errors import ExitCode

if TYPE_CHECKING:
    from composeroll.report.printer import Printer
    from composeroll.rollout.stack import Stack


@click.command()
@looking_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Show the replicas, their images, what nginx's files name, and where they disagree."""

    def answer(stack: Stack, services: tuple[str, ...], printer: Printer) -> int:
        from composeroll.rollout.status import Lenient, status_of  # noqa: PLC0415 - late

        survey = Lenient(stack.survey)
        printer.status(status_of(replace(stack, survey=survey), services))
        if survey.refusal:
            raise survey.refusal
        return ExitCode.DONE

    return look(context, options, answer)
