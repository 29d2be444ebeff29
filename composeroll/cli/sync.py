"""`composeroll sync`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from composeroll.cli.options import rolling_options
from composeroll.cli.run import Run
from composeroll.errors import Interrupted
from composeroll.report.events import Outcome

if TYPE_CHECKING:
    from composeroll.rollout.stack import Stack


@click.command()
@click.argument("services", nargs=-1, metavar="[SERVICE...]")
@click.option("--watch", is_flag=True, help="Keep running, and follow the engine's events.")
@rolling_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Make each upstream name exactly the ready replicas of its service.

    For after a reboot, a crash, or somebody's `docker compose up`. Nothing is created, and
    nothing removed but replicas that `--detach-drain` left behind, once they have drained. An
    nginx that the engine gave up, or that its edge has left behind, is started first.
    """
    services, watch, patience = options["services"], options["watch"], options["lock_wait"]

    def act(stack: Stack) -> tuple[Outcome, tuple[str, ...]]:
        from composeroll.cli.services import all_but_nginx  # noqa: PLC0415 - late
        from composeroll.rollout.sync.sync import sync  # noqa: PLC0415 - late

        if not watch:
            names = services or all_but_nginx(stack)
            repaired = sync(stack, names, patience)
            return (Outcome.UPDATED, repaired) if repaired else (Outcome.UP_TO_DATE, names)
        from composeroll.rollout.sync.watch import sync_for_ever  # noqa: PLC0415 - late

        stack.project.pick(services)
        names = ()

        def wanted() -> tuple[str, ...]:
            """Asked again until an nginx that is just being restarted can tell."""
            nonlocal names
            names = names or services or all_but_nginx(stack)
            return names

        with suppress(Interrupted):  # the way it is meant to end
            sync_for_ever(stack, wanted)
        return Outcome.WATCH_ENDED, names

    return Run.taken_from(context, options).do(act)
