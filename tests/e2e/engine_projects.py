"""Small compose projects for the engine room's tests, on the engine that is there."""

from __future__ import annotations

import signal
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from composeroll.config.flags import ComposeFlags
from composeroll.engine.engine import Engine
from tests.bed import registry, state
from tests.e2e.harness.docker import remove_images

BASE = "debian:trixie-slim"
STEADY = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"]
DEAF = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
STARTED_WITHIN = 60.0
"""Seconds until a shell has begun."""


def docker(*words: str, stdin: str = "") -> str:
    """What a docker command prints."""
    argv = ["docker", *words]
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@dataclass
class Project:
    """A compose project in a directory of its own; `model` is its file as data."""

    directory: Path
    name: str = field(default_factory=lambda: f"engineroom{uuid.uuid4().hex[:8]}")
    model: dict[str, Any] = field(default_factory=dict)

    @property
    def flags(self) -> ComposeFlags:
        """The flags that select it."""
        return ComposeFlags(files=(str(self.directory / "compose.yml"),))

    def service(self, service: str = "app", **keys: Any) -> None:  # noqa: ANN401 YAML values
        """Write a service, or change it."""
        services = self.model.setdefault("services", {})
        before = services.setdefault(service, {"image": BASE, "command": STEADY})
        before.update(keys)
        self.write()

    def write(self, **keys: Any) -> None:  # noqa: ANN401 YAML values
        """Write the file, with further top-level keys."""
        self.model.update(keys)
        text = yaml.safe_dump({"name": self.name, **self.model})
        (self.directory / "compose.yml").write_text(text)

    def image(self, tag: str, *lines: str) -> str:
        """Build an image of the project's own and return its reference."""
        reference = f"{self.name}:{tag}"
        text = "\n".join([f"FROM {BASE} AS full", *lines])
        docker("build", "--quiet", "--provenance=false", "--tag", reference, "-", stdin=text)
        return reference

    def destroy(self) -> None:
        """Remove all of it, whatever it is that cannot be removed."""
        compose = self.flags.named(self.name).compose_argv()[1:]
        try:
            docker(*compose, "down", "--volumes", "--remove-orphans", "--timeout", "0")
        finally:
            remove_images(f"{self.name}:", f"{registry.ADDRESS}/{self.name}")


def running(engine: Engine, count: int = 1, service: str = "app") -> list[str]:
    """That many containers of a service, started; full IDs."""
    engine.create({service: count})
    found = [replica.id for replica in engine.replicas([service])]
    engine.start(found)
    return found


def until_they_sleep(containers: Sequence[str]) -> None:
    """Wait until their shells do, STEADY and DEAF: before, a signal ends what starts them."""
    for one in containers:
        state.await_state("The shell", partial(_sleeps, one), STARTED_WITHIN)


def _sleeps(container: str) -> bool:
    return "sleep" in docker("top", container, "-o", "pid,comm")


class Alarm(Exception):
    """What a program's signal handler raises."""


@contextmanager
def alarm_after(seconds: float) -> Iterator[None]:
    """A signal, some seconds from now, whose handler raises Alarm."""

    def ring(_signum: int, _frame: FrameType | None) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def processes_about(word: str, parent: int | None = None) -> list[str]:
    """The command lines that hold a word, on this machine or among one parent's children."""
    chosen = ["-e"] if parent is None else ["--ppid", str(parent)]
    listed = subprocess.run(
        ["ps", *chosen, "-o", "args"], capture_output=True, text=True, check=True
    )
    return [line for line in listed.stdout.splitlines() if word in line]
