"""What the verbs that only look share: options, the stack without a reporter, and one snapshot."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from composeroll.cli.open_stack import open_stack
from composeroll.cli.options import (
    compose_options,
    from_environment,
    setting_options,
    stacked,
    take_compose_flags,
    take_settings,
)
from composeroll.errors import ComposerollError, Refused
from composeroll.report.printer import Printer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from composeroll.config.flags import ComposeFlags
    from composeroll.report.events import Event
    from composeroll.rollout.stack import Stack

_asked = stacked(
    click.argument("services", nargs=-1, metavar="[SERVICE...]"),
    click.option(
        "--json", "as_json", is_flag=True, envvar=from_environment("json"), help="Print JSON."
    ),
)

looking_options = stacked(_asked, setting_options, compose_options)
"""Arguments and flags of a verb that only looks."""

reading_options = stacked(_asked, compose_options)
"""The same of one that reads what was written, about which no setting says anything."""

Answer: TypeAlias = "Callable[[Stack, tuple[str, ...], Printer], int]"
Meant: TypeAlias = "Callable[[Stack], tuple[str, ...]]"


def all_but_gateways(stack: Stack) -> tuple[str, ...]:
    """Return the services without gateways; all, if nginx cannot be read (the result says why)."""
    from composeroll.cli.services import all_but_nginx  # noqa: PLC0415 - late

    try:
        return all_but_nginx(stack)
    except Refused:
        return tuple(stack.project.services)


def look(
    context: click.Context,
    options: dict[str, Any],
    answer: Answer,
    unnamed: Meant = all_but_gateways,
) -> int:
    """Open the stack and answer; nothing is changed.

    Args:
        context: the verb's.
        options: the verb's, of which compose's flags and the settings are taken out.
        answer: gets the stack, the services that are meant and where to print, and gives the exit
            code.
        unnamed: the services that are meant where none is named.
    """
    flags, settings = take_compose_flags(context, options), take_settings(options)
    as_json, said = options["as_json"], flags.spelled_out
    printer = Printer(sys.stdout, os.environ, as_json=as_json, change=said)
    with spelled_out(flags), open_stack(flags, settings, unheard) as stack:
        return answer(stack, options["services"] or unnamed(stack), printer)


@contextmanager
def spelled_out(flags: ComposeFlags) -> Iterator[None]:
    """Add these flags to the commands that an error of the block names."""
    try:
        yield
    except ComposerollError as error:
        error.what = flags.spelled_out(error.what)
        error.serving = error.serving and flags.spelled_out(error.serving)
        error.help = error.help and flags.spelled_out(error.help)
        raise


def unheard(event: Event) -> None:
    """Discard an event: commands that only read show no progress."""
    del event
