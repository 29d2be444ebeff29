"""`composeroll lock status` and `composeroll lock release`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import click

from composeroll.cli.looking import spelled_out, unheard
from composeroll.cli.open_stack import open_stack
from composeroll.cli.options import compose_options, stacked, take_compose_flags
from composeroll.config.layers import COMMAND_LINE, Layer
from composeroll.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from composeroll.rollout.stack import Stack

FREE = "no service is locked"
KEPT = (
    "  what it left half-done there is still known: `composeroll update {service}` finishes it,"
    " and `composeroll lock release {service}` again forgets it"
)
Say: TypeAlias = "Callable[[str], None]"
Answer: TypeAlias = "Callable[[Stack, tuple[str, ...], Say], int]"
NOTHING_SET = Layer(COMMAND_LINE, {})

lock_options = stacked(
    click.argument("services", nargs=-1, metavar="[SERVICE...]"),
    compose_options,
)
"""No setting says anything about a lock."""


@click.group()
@compose_options
def command(**before: object) -> None:
    """Show who holds the locks of a project, or release them."""
    del before  # status and release read the flags before them from this context


@command.command()
@lock_options
@click.pass_context
def status(context: click.Context, /, **options: Any) -> int:
    """Show who holds which service's lock, since when, and with what command."""

    def answer(stack: Stack, services: tuple[str, ...], say: Say) -> int:
        from composeroll.rollout.lock.note import in_words  # noqa: PLC0415 - late

        held = in_words([one for one in stack.locks.describe() if one.service in services])
        say("\n".join(held or [FREE]))
        return ExitCode.DONE

    return _look(context, options, answer)


@command.command()
@lock_options
@click.pass_context
def release(context: click.Context, /, **options: Any) -> int:
    """Remove locks whose owners are gone.

    A rollout that still runs takes its lock again before its next step; it stops only if another
    one has it by then. The notes about a rollout that broke off stay for the next run, until they
    are released as well.
    """

    def answer(stack: Stack, services: tuple[str, ...], say: Say) -> int:
        released = stack.locks.break_open(services)
        for held in released:
            say(f"released {held.service}, held by {held.who}, since {held.since}")
            if held.half_done:
                say(KEPT.format(service=held.service))
        if not released:
            say(FREE)
        return ExitCode.DONE

    return _look(context, options, answer)


def _look(context: click.Context, options: dict[str, Any], answer: Answer) -> int:
    """As `look`, but without names every service is meant that is locked, gateways too."""
    flags = take_compose_flags(context, options)

    def say(text: str) -> None:
        click.echo(flags.spelled_out(text))

    with spelled_out(flags), open_stack(flags, NOTHING_SET, unheard) as stack:
        stack.project.pick(options["services"])
        locked = (held.service for held in stack.locks.describe())
        return answer(stack, options["services"] or tuple(dict.fromkeys(locked)), say)
