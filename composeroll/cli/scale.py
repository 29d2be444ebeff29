"""`composeroll scale`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from composeroll.cli.ended import SCALED
from composeroll.cli.late import import_late
from composeroll.cli.options import rolling_options
from composeroll.cli.run import Run
from composeroll.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from composeroll.report.events import Outcome
    from composeroll.rollout.stack import Stack


@click.command()
@click.argument("counts", nargs=-1, required=True, metavar="SERVICE=N...")
@rolling_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Run N replicas of SERVICE: new ones are proven first, surplus ones drained."""
    wanted = _counts(options["counts"])

    def act(stack: Stack) -> tuple[Outcome, tuple[str, ...]]:
        from composeroll.rollout.scale import scale  # noqa: PLC0415 - late

        import_late()
        return scale(stack, wanted, options["lock_wait"]), tuple(wanted)

    return Run.taken_from(context, options).do(act, SCALED)


def _counts(texts: Sequence[str]) -> Mapping[str, int]:
    counts = dict(map(_count, texts))
    if len(counts) < len(texts):
        raise UsageError(f"a service has two numbers: {' '.join(texts)}")
    return counts


def _count(text: str) -> tuple[str, int]:
    service, _, number = text.partition("=")
    if not service or not number.isdecimal():
        raise UsageError(f"{text!r} is not of the form SERVICE=N", help="such as php-fpm=3")
    return service, int(number)
