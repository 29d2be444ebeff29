"""`composeroll rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from composeroll.cli.ended import BACK
from composeroll.cli.late import import_late
from composeroll.cli.options import rolling_options
from composeroll.cli.run import Run

if TYPE_CHECKING:
    from composeroll.report.events import Outcome
    from composeroll.rollout.stack import Stack


class RevisionNumber(click.IntRange):
    """A whole number above 0, by a name that says so where it is none."""

    name = "revision number"

    def __init__(self) -> None:
        super().__init__(min=1)


@click.command()
@click.argument("service", metavar="SERVICE")
@click.option("--to", "revision", type=RevisionNumber(), metavar="N", help="Revision of `history`.")
@rolling_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Bring back the image that served before, by the same rollout, without a registry.

    A later update does not bring the bad version back until its tag has moved.
    """
    service = options["service"]

    def act(stack: Stack) -> tuple[Outcome, tuple[str, ...]]:
        from composeroll.rollout.rollback import rollback  # noqa: PLC0415 - late

        import_late()
        return rollback(stack, service, options["revision"], options["lock_wait"]), (service,)

    return Run.taken_from(context, options).do(act, BACK)
