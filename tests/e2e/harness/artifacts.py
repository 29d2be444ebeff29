"""What is kept of a test that failed: logs, command lines, includes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.harness.stack import Stack

DIRECTORY = Path(__file__).parents[2] / ".artifacts"
ENDS_WITHIN = 20.0

alive: list[Stack] = []
"""The stacks that run now."""


def keep(what: str) -> None:
    """Write what shows why `what`, a test, has failed, for every stack that runs; never raises."""
    folder = DIRECTORY / re.sub(r"[^\w.-]+", "_", what)
    for stack in alive:
        try:
            _write(stack, folder / stack.project)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test's own failure says more
            print(f"of {stack.project} not all was kept: {error!r}", file=sys.stderr)


def _write(stack: Stack, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _evidence(stack):
        (folder / name).write_text(text, encoding="utf-8")


def _evidence(stack: Stack) -> Iterator[tuple[str, str]]:
    yield "commands.txt", "\n".join(map(str, stack.said))
    yield "containers.txt", "\n".join(map(str, stack.containers()))
    for container in stack.containers():
        yield f"{container.name}.log", _output("docker", "logs", "--timestamps", container.id)
    for gateway in stack.gateways:
        words = ("find", "/opt/nginx/include", "-type", "f", "-exec", "tail", "-n", "+1", "{}", "+")
        yield f"{gateway.name}.includes", _output("docker", "exec", gateway.id, *words)


def _output(*argv: str) -> str:
    """Both streams of a command, whatever its end."""
    done = subprocess.run(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=ENDS_WITHIN,
        check=False,
    )
    return done.stdout
