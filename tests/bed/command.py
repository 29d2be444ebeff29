"""The one door to other programs: argv lists, output in a log, errors with their last lines."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import state
from .errors import CommandError

TAIL = 12
"""Lines of a failed command's output that are shown; the log holds all."""


def run(
    argv: Sequence[str],
    *,
    log: str = "commands",
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> str:
    """Run `argv` to its end and return its standard output and error together.

    Args:
        argv: the program and its arguments; no shell sees them.
        log: name of the log that gets the command and its output.
        env: variables to add to the environment.
        timeout: seconds after which the program is killed.

    Raises:
        CommandError: it ended with another code than 0, or was not done in time (code 124),
            or there is no such program (code 127).
    """
    path = state.log(log)
    code, output = _result(argv, {**os.environ, **(env or {})}, timeout)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"$ {shlex.join(argv)}\n{output}\n[{code}]\n")
    if code:
        raise CommandError(argv, code, _tail(output), path)
    return output


def answers(argv: Sequence[str], timeout: float = 20) -> bool:
    """Whether `argv` ends with 0 within `timeout` seconds. Nothing is logged."""
    code, _ = _result(argv, os.environ, timeout)
    return code == 0


def output(argv: Sequence[str], timeout: float = 20) -> str:
    """What `argv` prints on both streams, whatever its code."""
    return _result(argv, os.environ, timeout)[1]


def start(argv: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program that outlives this one, its output in `log`."""
    with log.open("ab") as file:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
        )


def _result(argv: Sequence[str], env: Mapping[str, str], timeout: float | None) -> tuple[int, str]:
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            timeout=timeout,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError as missing:
        return 127, str(missing)
    except subprocess.TimeoutExpired:
        return 124, f"not done after {timeout} s"
    return done.returncode, done.stdout


def _tail(output: str) -> str:
    return "\n".join(f"  | {row}" for row in output.splitlines()[-TAIL:])
