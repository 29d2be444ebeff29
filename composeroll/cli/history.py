"""`composeroll history`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from composeroll.cli.looking import look, reading_options
from composeroll.errors import ExitCode
from composeroll.report.status import Past

if TYPE_CHECKING:
    from collections.abc import Sequence

    from composeroll.report.printer import Printer
    from composeroll.rollout.history.revision import Revision
    from composeroll.rollout.stack import Stack


@click.command()
@reading_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Show the revisions of the services, oldest first: image, when, how it ended, and who."""

    def answer(stack: Stack, services: tuple[str, ...], printer: Printer) -> int:
        stack.project.pick(services)
        printer.history(past(stack, services))
        return ExitCode.DONE

    return look(context, options, answer, unnamed=every_service)


def every_service(stack: Stack) -> tuple[str, ...]:
    """All of them: a gateway has a history too, and so has what only a profile shows."""
    return tuple(stack.project.services)


def past(stack: Stack, services: Sequence[str]) -> list[Past]:
    """Their revisions, oldest first."""
    revisions = [r for service in services for r in stack.book.revisions(service)]
    return [_line(revision) for revision in sorted(revisions, key=lambda r: r.at)]


def _line(revision: Revision) -> Past:
    return Past(
        at=revision.at,
        services=f"{revision.service} {revision.number}",
        outcome=revision.result.value,
        image=revision.image,
        seconds=revision.seconds,
        who=revision.who,
    )
