"""`composeroll rollback`."""

from __future__ import annotations

from typing import Any

import click

from composeroll.cli.ended import BACK
from composeroll.cli.options import rolling_options
from composeroll.cli.run import Run
from composeroll.report.events import Outcome
from composeroll.rollout.stack import Stack


@click.command()
@click.argument("service", metavar="SERVICE")
@click.option("--to", "revision", type=click.IntRange(min=1), help="Revision of `history`.")
@rolling_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Bring back the image that served before, by the same rollout, without a registry.

    A later update does not bring the bad version back until its tag has moved.
    """
    service = options["service"]

    def act(stack: Stack) -> tuple[Outcome, tuple[str, ...]]:
        from composeroll.rollout.rollback import rollback  # noqa: PLC0415 - late

        return rollback(stack, service, options["revision"], options["lock_wait"]), (service,)

    return Run.taken_from(context, options).do(act, BACK)
