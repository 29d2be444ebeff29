"""What is kept of a test that failed: logs, command lines, includes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.harness.running import alive
from tests.e2e.harness.stack import Stack

DIRECTORY = Path(__file__).parents[2] / ".artifacts"


def keep(test: str) -> None:
    """Write what shows why `test` failed, for every stack that runs."""
    for stack in alive:
        folder = DIRECTORY / re.sub(r"[^\w.-]+", "_", test) / stack.project
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
        check=False,
    )
    return done.stdout
