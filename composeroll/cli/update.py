"""`composeroll update`."""

from __future__ import annotations

from typing import Any

import click

from composeroll.cli.options import (
    DurationType,
    compose_options,
    from_environment,
    output_options,
    setting_options,
)
from composeroll.cli.run import Request, roll


@click.command()
@click.argument("services", nargs=-1, metavar="SERVICE...")
@click.option("--all", "everything", is_flag=True, help="Every service of the file.")
@click.option("--force", is_flag=True, help="Replace replicas that are up to date too.")
@click.option(
    "--pull",
    type=click.Choice(["always", "missing", "never"]),
    default="always",
    envvar=from_environment("pull"),
    show_default=True,
    help="When to pull the image.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan; change nothing.")
@click.option("--if-changed", is_flag=True, help="Do nothing where nothing changed: the default.")
@click.option(
    "--lock-wait",
    type=DurationType(),
    metavar="TIME",
    envvar=from_environment("lock_wait"),
    help="Wait for another rollout of the same services, such as 2m.",
)
@setting_options
@output_options
@compose_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Replace the replicas of SERVICE by new ones of its image, without losing a request."""
    del options["if_changed"]
    request = Request.taken_from(context, options)
    return roll(request)
