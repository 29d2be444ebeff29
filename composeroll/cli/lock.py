"""`composeroll lock status` and `composeroll lock release`."""

from __future__ import annotations

from typing import Any

import click

from composeroll.cli.looking import look, looking_options
from composeroll.errors import ExitCode
from composeroll.rollout.stack import Stack


@click.group()
def command() -> None:
    """Show who holds the locks of a project, or release them."""


@command.command()
@looking_options
@click.pass_context
def status(context: click.Context, /, **options: Any) -> int:
    """Show who holds which service's lock, since when, and with what command."""

    def answer(stack: Stack, services: tuple[str, ...]) -> int:
        del services
        for line in stack.locks.describe() or ("no service is locked",):
            click.echo(line)
        return ExitCode.DONE

    return look(context, options, answer)


@command.command()
@looking_options
@click.pass_context
def release(context: click.Context, /, **options: Any) -> int:
    """Take locks away from whoever has them. A rollout that still runs stops at its next step."""

    def answer(stack: Stack, services: tuple[str, ...]) -> int:
        for line in stack.locks.break_open(services) or ("no service is locked",):
            click.echo(f"released: {line}")
        return ExitCode.DONE

    return look(context, options, answer)
