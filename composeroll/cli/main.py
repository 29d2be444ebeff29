"""The entry: the only place that turns errors into text and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from composeroll import __version__
from composeroll.cli.exit import exit_code
from composeroll.cli.group import Verbs
from composeroll.cli.options import compose_options
from composeroll.cli.streams import settle
from composeroll.errors import ComposerollError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 failed and rolled back, 2 usage, 3 refused, 4 locked,"
    " 5 unfinished: run again, 6 engine or registry unreachable, 128+n signal.",
)
@compose_options
@click.version_option(__version__, prog_name="composeroll")
def composeroll(**before: object) -> None:
    """Update services of Docker Compose behind nginx without losing a request."""
    del before  # each verb reads the flags before it from the root context


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Returns:
        The exit code.
    """
    settle()
    try:
        code = composeroll.main(argv, prog_name="composeroll", standalone_mode=False)
        return int(code or ExitCode.DONE)
    except click.ClickException as wrong:
        wrong.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.SIGNAL + 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.SIGNAL + 13
    except ComposerollError as error:
        return tell(error)
    except Exception as bug:
        if os.environ.get("COMPOSEROLL_DEBUG"):
            raise
        click.echo(
            f"composeroll: an error in composeroll itself: {type(bug).__name__}: {bug}\n"
            "  please report it, with what COMPOSEROLL_DEBUG=1 prints",
            err=True,
        )
        return ExitCode.FAILED


def tell(error: ComposerollError) -> int:
    """Print an error that no reporter has told, and give its exit code."""
    lines = [f"composeroll: {error.what}"]
    lines += [f"  {part}" for part in (error.serving, error.help) if part]
    lines += [f"  | {line}" for line in error.evidence]
    click.echo("\n".join(lines), err=True)
    return exit_code(error)
