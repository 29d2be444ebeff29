"""`composeroll plan`: `update --dry-run` by its own name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from composeroll.cli.options import (
    compose_options,
    output_options,
    pull_option,
    setting_options,
)
from composeroll.cli.run import Run
from composeroll.config.settings import Pull

if TYPE_CHECKING:
    from composeroll.report.events import Outcome
    from composeroll.rollout.stack import Stack


@click.command()
@click.argument("services", nargs=-1, metavar="[SERVICE...]")
@click.option("--force", is_flag=True, help="As if with `update --force`.")
@pull_option
@setting_options
@output_options
@compose_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Show what `update` would do, and why. Nothing changes, not even a local tag."""

    def act(stack: Stack) -> tuple[Outcome, tuple[str, ...]]:
        from composeroll.cli.services import services_of  # noqa: PLC0415 - late
        from composeroll.rollout.update import Wanted, update  # noqa: PLC0415 - late

        named = options["services"]
        names = services_of(stack, named, everything=not named)
        pull = Pull(options["pull"])
        wanted = Wanted(names, options["force"], pull, dry_run=True, everything=not named)
        return update(stack, wanted), names

    return Run.taken_from(context, options, plan_is_answer=True).do(act)
