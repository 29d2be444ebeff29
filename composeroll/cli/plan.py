"""`composeroll plan`: `update --dry-run` by its own name."""

from __future__ import annotations

from typing import Any

import click

from composeroll.cli.options import compose_options, output_options, setting_options
from composeroll.cli.run import Request, roll


@click.command()
@click.argument("services", nargs=-1, metavar="[SERVICE...]")
@click.option("--force", is_flag=True, help="As if with `update --force`.")
@setting_options
@output_options
@compose_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Show what `update` would do, and why. Nothing changes, not even a local tag."""
    everything = not options["services"]
    options |= {"everything": everything, "dry_run": True, "pull": "always"}
    return roll(Request.taken_from(context, options))
