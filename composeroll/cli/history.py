"""`composeroll history`."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from composeroll.cli.looking import look, looking_options
from composeroll.errors import ExitCode
from composeroll.report.printer import Printer
from composeroll.report.status import Past
from composeroll.rollout.stack import Stack


@click.command()
@looking_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Show the revisions of the services, oldest first: image, when, how it ended, and who."""
    printer = Printer(sys.stdout, os.environ, as_json=options["as_json"])

    def answer(stack: Stack, services: tuple[str, ...]) -> int:
        stack.project.pick(services)
        printer.history(
            [
                Past(
                    at=revision.at,
                    services=f"{revision.service} {revision.number}",
                    outcome=revision.result.value,
                    image=revision.image,
                    seconds=revision.seconds,
                    who=revision.who,
                )
                for service in services
                for revision in stack.book.revisions(service)
            ]
        )
        return ExitCode.DONE

    return look(context, options, answer)
