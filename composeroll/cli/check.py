"""`composeroll check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from composeroll.cli.looking import look, looking_options
from composeroll.errors import ExitCode
from composeroll.model import Severity

if TYPE_CHECKING:
    from composeroll.report.printer import Printer
    from composeroll.rollout.stack import Stack


@click.command()
@looking_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Find everything that would go wrong in a rollout; exit 3 if it would be refused.

    Each finding comes with its reason and the line to change. Nothing is touched.
    """

    def answer(stack: Stack, services: tuple[str, ...], printer: Printer) -> int:
        from composeroll.rollout.checks.everything import all_findings  # noqa: PLC0415 - late

        found = all_findings(stack, services)
        printer.findings(found)
        refused = any(finding.severity is Severity.REFUSAL for finding in found)
        return ExitCode.REFUSED if refused else ExitCode.DONE

    return look(context, options, answer)
