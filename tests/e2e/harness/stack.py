"""A compose project of a test's own, and what a test does with it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bed import images
from tests.e2e.harness import docker
from tests.e2e.harness.docker import Container
from tests.e2e.harness.recipe import INCLUDES, Recipe

ENDS_WITHIN = 180.0
"""Seconds for one command line; the longest of the tests take 20."""

HTTPS = 443


@dataclass(frozen=True)
class Done:
    """A command line that has ended."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        return f"$ {' '.join(self.argv)}\n{self.stdout}{self.stderr}[{self.code}]\n"


@dataclass
class Stack:
    """A running compose project.

    Attributes:
        project: its name, unlike that of any other stack.
        recipe: what it was made from.
        directory: where its `.env` is, and where commands run.
        files: its compose files.
        registry: the part of the registry that is its own.
        environment: what composeroll finds in its environment besides the test's own.
        said: every command line that was run, for the artifacts of a failed test.
    """

    project: str
    recipe: Recipe
    directory: Path
    files: tuple[str, ...]
    registry: str
    environment: dict[str, str] = field(default_factory=dict)
    said: list[Done] = field(default_factory=list)
    _seen: tuple[Container, ...] | None = field(default=None, init=False, repr=False)

    @property
    def url(self) -> str:
        """Where its first gateway answers on this machine."""
        return self.urls()[0]

    def urls(self, port: int = 80) -> list[str]:
        """Where its gateways answer."""
        outside = self.containers(self.recipe.edge or self.recipe.gateway)
        scheme = "https" if port == HTTPS else "http"
        return [f"{scheme}://{container.place(port)}/" for container in outside]

    @property
    def gateways(self) -> tuple[Container, ...]:
        """The containers that run nginx."""
        return self.containers(self.recipe.gateway)

    @property
    def selection(self) -> tuple[str, ...]:
        """Compose's flags that select it."""
        return ("-p", self.project, *(word for file in self.files for word in ("-f", file)))

    def advised(self, program: str, words: str) -> str:
        """A command as composeroll tells of it: in backticks, and with the flags it was given."""
        files = [word for file in self.files for word in ("-f", file)]
        return f"`{shlex.join([*program.split(), *files, '-p', self.project])} {words}`"

    def composeroll(
        self, *words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Done:
        """Run the real command line in the stack's directory, just as it is given."""
        more = {"COMPOSEROLL_DEBUG": "1", **self.environment, **(env or {})}
        return self._run(sys.executable, "-m", "composeroll", *words, env=more, cwd=cwd)

    def update(self, *words: str) -> Done:
        """`composeroll update` of this stack."""
        return self.composeroll("update", *self.selection, *words)

    def compose(self, *words: str) -> Done:
        """`docker compose` on this stack; every other end than 0 fails the test."""
        done = self._run("docker", "compose", *self.selection, *words, env={})
        assert done.code == 0, str(done)
        return done

    def set(self, **variables: str) -> None:
        """Change variables of the compose files."""
        path = self.directory / ".env"
        rows = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = dict(row.split("=", 1) for row in rows)
        text = "".join(f"{name}={value}\n" for name, value in (kept | variables).items())
        path.write_text(text, encoding="utf-8")

    def push(self, version: str, service: str = "app", **args: str) -> None:
        """Move the service's tag in the registry to a new build, with these build arguments."""
        image = self.recipe.images[service]
        images.publish(image, self.reference(service), version, **args)

    def reference(self, service: str) -> str:
        """The image reference that the compose file gives a service."""
        return f"{self.registry}/{self.recipe.images[service].ref}"

    def containers(self, *services: str) -> tuple[Container, ...]:
        """Its containers in all states, by service and name; those of some services, or all."""
        everyone = docker.containers(self.project) if self._seen is None else self._seen
        return tuple(c for c in everyone if not services or c.service in services)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Look at its containers once for the whole block, in which nothing may change them."""
        before = self._seen
        self._seen = self.containers()
        try:
            yield
        finally:
            self._seen = before

    def includes(self, service: str) -> list[str]:
        """The text of the service's include in each gateway; empty for one that has none."""
        if service not in self.recipe.includes:
            return []
        name = self.recipe.includes[service]
        return [docker.files(gateway.id, INCLUDES)[name] for gateway in self.gateways]

    def _run(self, *argv: str, env: Mapping[str, str], cwd: Path | None = None) -> Done:
        ran = subprocess.run(
            argv,
            cwd=cwd or self.directory,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=ENDS_WITHIN,
            check=False,
        )
        done = Done(argv, ran.returncode, ran.stdout, ran.stderr)
        self.said.append(done)
        return done
