"""`composeroll version`."""

from __future__ import annotations

from typing import Any

import click

from composeroll import __version__
from composeroll.cli.options import compose_options, take_compose_flags
from composeroll.engine.versions import compose_version, engine_version


@click.command()
@compose_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Show the versions of composeroll, of Docker Compose and of the engine."""
    flags = take_compose_flags(context, options)
    click.echo(f"composeroll  {__version__}")
    click.echo(f"compose      {compose_version(flags)}")
    click.echo(f"engine       {engine_version(flags)}")
