"""`composeroll version`."""

from __future__ import annotations

import subprocess
from typing import Any

import click

from composeroll import __version__
from composeroll.cli.options import compose_options, take_compose_flags
from composeroll.engine.transport import HELP
from composeroll.errors import EngineUnreachable

SECONDS = 20.0
"""Over ssh an engine may take a while; beyond that it does not answer."""


@click.command()
@compose_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Show the versions of composeroll, of Docker Compose and of the engine."""
    docker = take_compose_flags(context, options).docker_argv()
    click.echo(f"composeroll  {__version__}")
    click.echo(f"compose      {_asked([*docker, 'compose', 'version', '--short'])}")
    click.echo(f"engine       {_asked([*docker, 'version', '--format', '{{.Server.Version}}'])}")


def _asked(argv: list[str]) -> str:
    try:
        answer = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=SECONDS)
    except FileNotFoundError:
        what = "there is no docker command on this machine"
        raise EngineUnreachable(what, None, "is docker in the PATH?") from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        said = failure.stderr or b""  # of a timeout bytes, whatever was asked for
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        what, lines = f"`{' '.join(argv)}` failed", tuple(text.splitlines())
        raise EngineUnreachable(what, None, HELP, lines) from None
    return answer.stdout.strip()
