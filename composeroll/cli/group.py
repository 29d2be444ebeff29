"""The verbs, each imported only when it is called, so that `--version` answers at once."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

VERBS = {
    "update": "Replace a service's replicas without losing a request.",
    "plan": "Show what update would do, and why; change nothing.",
    "status": "Show replicas, images, and what nginx's files name.",
    "rollback": "Go back to what served before, without a registry.",
    "history": "Show what a service ran, and when.",
    "scale": "Change the number of replicas without losing a request.",
    "sync": "Make each upstream name exactly the ready replicas, for example after a reboot.",
    "lock": "Show who holds a service's lock, or release it.",
    "check": "Find everything that would go wrong, before it does.",
    "version": "Show the versions of composeroll, compose and the engine.",
    "completion": "Print the completion script of a shell.",
}


class Verbs(click.Group):
    """Each verb lives in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of their use."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        del ctx
        if cmd_name not in VERBS:
            return None
        module = import_module(f"composeroll.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the flags before the verb; a flag that goes after it gets a message about that."""
        given = tuple(args)  # click takes them out of the list
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as wrong:
            verb = self._verb_with(ctx, wrong.option_name, given)
            if verb is None:
                raise
            raise _too_early(ctx, wrong.option_name, verb) from None

    def _verb_with(self, ctx: click.Context, flag: str, given: Sequence[str]) -> str | None:
        """A verb that has the flag: the given one, if that does."""
        verbs = sorted(VERBS, key=lambda verb: verb not in given)
        commands = ((verb, self.get_command(ctx, verb)) for verb in verbs)
        having = (
            verb for verb, known in commands if known and any(flag in p.opts for p in known.params)
        )
        return next(having, None)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one was meant."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise _unknown_verb(ctx, args[0])
        return super().resolve_command(ctx, args)


def _too_early(ctx: click.Context, flag: str, verb: str) -> click.UsageError:
    return click.UsageError(
        f"{flag} goes after the verb, as in `composeroll {verb} {flag}`; only"
        " compose's own flags go before it.",
        ctx,
    )


def _unknown_verb(ctx: click.Context, given: str) -> click.UsageError:
    from difflib import get_close_matches  # noqa: PLC0415 - only where somebody mistyped

    close = get_close_matches(given, VERBS, n=1)
    meant = f" Did you mean {close[0]!r}?" if close else f" Verbs: {', '.join(VERBS)}."
    return click.UsageError(f"No such verb {given!r}.{meant}", ctx)
