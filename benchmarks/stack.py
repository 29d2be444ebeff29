"""A compose project to be updated: an app with some replicas behind the project's own gateway."""

from __future__ import annotations

import itertools
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from benchmarks.clock import docker
from tests.bed import images, registry, state
from tests.e2e.harness import docker as harness

GATEWAY = images.E2E_GATEWAYS["plain", "forky"]
APP_PORT = 8000
INCLUDE = "/opt/nginx/include/app.include"
ANSWERS_WITHIN = 30.0
IN_A_ROW = 20
"""Answers of the new version alone, by which an update is known to have happened: nginx goes round
the replicas, so an old one would have its turn."""

FINISH = "finish"
AT_ONCE = "at-once"

_FILE = """\
name: {project}
services:
  app:
    image: {image}
    stop_grace_period: 20s
    deploy: {{replicas: {replicas}}}
    x-composeroll: {{ready: {{path: /healthz}}}}
  nginx:
    image: {gateway}
    ports: ["127.0.0.1::80"]
    stop_grace_period: 0s
"""


@dataclass
class Stack:
    """A running project. `move` lets its tag name the other of two images, as a push does.

    Attributes:
        wanted: the version that its tag names now.
    """

    project: str
    image: str
    stop: str
    file: Path
    versions: Iterator[str] = field(default_factory=lambda: itertools.cycle("ba"))
    wanted: str = "a"

    @property
    def url(self) -> str:
        """Where its gateway answers."""
        return f"http://{docker('port', f'{self.project}-nginx-1', '80')}/"

    def move(self) -> None:
        """Move the tag in the registry."""
        self.wanted = next(self.versions)
        registry.copy_tag(reference(self.stop, self.wanted), self.image)

    def compose(self, *words: str) -> str:
        """Run compose on it."""
        return docker("compose", "-f", str(self.file), *words)

    def is_updated(self) -> None:
        """Insist that the version that its tag names serves, or what was timed is no update.

        Raises:
            NotReadyError: another one does.
        """
        insist_on(self.url, self.wanted)

    def answers(self) -> bool:
        """Whether its app answers through its gateway."""
        return answers(self.url)


def answers(url: str) -> bool:
    """Whether a gateway answers with 200."""
    return bool(_version(url))


def insist_on(url: str, version: str) -> None:
    """Wait until nothing but a version answers.

    Raises:
        NotReadyError: another one goes on to.
    """

    def serves() -> bool:
        return all(_version(url) == version for _ in range(IN_A_ROW))

    state.await_state(f"version {version} at {url}", serves, ANSWERS_WITHIN)


def _version(url: str) -> str:
    """What the app says of itself; empty where there is no good answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310 loopback only
            return str(reply.headers["X-Image"]) if reply.status == 200 else ""
    except OSError:
        return ""


def reference(stop: str, version: str) -> str:
    """A version of the app in the registry, by how it takes SIGTERM."""
    return f"{registry.ADDRESS}/bench/app:{stop}-{version}"


@cache
def provide(stop: str) -> None:
    """Push both versions of the app, and fetch their layers: a later pull only moves a tag."""
    images.up([images.APPS["plain"], images.GATEWAYS["forky"]])
    images.up([GATEWAY])
    for version in "ab":
        images.publish(images.APPS["plain"], reference(stop, version), version, STOP=stop)
        docker("pull", "--quiet", reference(stop, version))


@contextmanager
def stack(replicas: int, stop: str = FINISH) -> Iterator[Stack]:
    """A project that answers, and is removed afterwards with all it had."""
    provide(stop)
    project = f"bench-{stop}-{replicas}-{uuid.uuid4().hex[:8]}"
    image = f"{registry.ADDRESS}/bench/app:{project}"
    registry.copy_tag(reference(stop, "a"), image)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "compose.yml"
        text = _FILE.format(project=project, image=image, replicas=replicas, gateway=GATEWAY.ref)
        file.write_text(text, encoding="utf-8")
        made = Stack(project, image, stop, file)
        with ExitStack() as left:
            left.callback(harness.remove_images, image, f"composeroll-kept/{project}:")
            left.callback(harness.remove_project, project)
            made.compose("up", "--detach")
            state.await_state("the stack", made.answers, ANSWERS_WITHIN)
            yield made
