"""A `sync --watch` that runs beside a test."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bed import state
from tests.e2e.harness.docker import Container
from tests.e2e.harness.stack import Stack

SERVER = re.compile(r"^\s*server\s+(\S+?):\d+[ ;]", re.MULTILINE)
AT_WORK = re.compile(r"^\S+ +(plan |apply |failed |(\d+)/(?!\2 ))")
"""Its last line, as long as something follows."""

ENDS_WITHIN = 20.0


@dataclass
class Watch:
    """The process, and where its output goes."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def said(self) -> str:
        """Everything it has printed so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def until(self, words: str, seconds: float = 60.0) -> None:
        """Wait until it has printed these words."""
        state.await_state(f"{words!r} from sync --watch", lambda: words in self.said, seconds)

    def rests_at(self, state: Callable[[], bool]) -> bool:
        """Whether a state holds while it does nothing: what it writes it may still take back."""
        said = self.said
        _, _, last = said.rstrip().rpartition("\n")
        return not AT_WORK.search(last) and state() and self.said == said

    def end(self) -> int:
        """End it as a service manager does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(ENDS_WITHIN)


@contextmanager
def watching(stack: Stack, *words: str) -> Iterator[Watch]:
    """`sync --watch` of a stack for the length of the block; killed if it has not ended then."""
    argv = [sys.executable, "-m", "composeroll", "sync", "--watch", *stack.selection, *words]
    output = stack.directory / "watch.log"
    with output.open("wb") as file:
        process = subprocess.Popen(
            argv,
            cwd=stack.directory,
            env={**os.environ, **stack.environment},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    watch = Watch(process, output)
    try:
        yield watch
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def names_exactly(stack: Stack, service: str) -> bool:
    """Whether each gateway's include names the running replicas of a service, and nothing else."""
    running = [c for c in stack.containers(service) if c.state == "running"]
    return bool(running) and all(_matches(text, running) for text in stack.includes(service))


def names_its_own(stack: Stack, service: str) -> bool:
    """Whether each gateway's include names running replicas of a service, and nothing else."""
    running = [c for c in stack.containers(service) if c.state == "running"]
    own = frozenset().union(*(c.addresses for c in running))
    named = [set(SERVER.findall(text)) for text in stack.includes(service)]
    return all(some and some <= own for some in named)


def _matches(text: str, running: list[Container]) -> bool:
    named = SERVER.findall(text)
    return len(named) == len(running) and all(c.addresses & set(named) for c in running)
