"""`composeroll update`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from composeroll.cli.ended import RUNS
from composeroll.cli.late import import_late
from composeroll.cli.options import pull_option, rolling_options
from composeroll.cli.run import Run
from composeroll.config.settings import Pull

if TYPE_CHECKING:
    from composeroll.report.events import Outcome
    from composeroll.rollout.stack import Stack


@click.command()
@click.argument("services", nargs=-1, metavar="SERVICE...")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Every service of the active profiles, except edges, and an nginx that publishes ports.",
)
@click.option("--force", is_flag=True, help="Replace replicas that are up to date too.")
@pull_option
@click.option("--dry-run", is_flag=True, help="Show the plan; change nothing.")
@click.option("--if-changed", is_flag=True, help="Do nothing if nothing has changed: the default.")
@rolling_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Replace the replicas of SERVICE by new ones of its image, without losing a request."""

    def act(stack: Stack) -> tuple[Outcome, tuple[str, ...]]:
        from composeroll.cli.services import services_of  # noqa: PLC0415 - late
        from composeroll.rollout.update import Wanted, update  # noqa: PLC0415 - late

        import_late()
        names = services_of(stack, options["services"], everything=options["everything"])
        wanted = Wanted(
            services=names,
            force=options["force"],
            pull=Pull(options["pull"]),
            dry_run=options["dry_run"],
            lock_wait=options["lock_wait"],
            everything=options["everything"],
        )
        return update(stack, wanted), names

    return Run.taken_from(context, options, plan_is_answer=options["dry_run"]).do(act, RUNS)
