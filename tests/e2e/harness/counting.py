"""How many processes of docker and of compose a command starts, by programs that log and exec."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from composeroll.engine.compose.program import SYSTEM

SHIM = '#!/bin/sh\nprintf "%s\\n" "$*" >> "{log}"\nexec "{real}" "$@"\n'


@dataclass(frozen=True)
class Counted:
    """What was started: one line for each process, its arguments."""

    directory: Path

    @property
    def docker(self) -> list[str]:
        """The runs of `docker`."""
        return _lines(self.directory / "docker.log")

    @property
    def compose(self) -> list[str]:
        """The runs of compose's plugin, those in which docker only asks for its metadata left out.

        Docker starts it once more for each `docker compose`, to ask that.
        """
        lines = _lines(self.directory / "compose.log")
        return [line for line in lines if line != "docker-cli-plugin-metadata"]


@dataclass(frozen=True)
class Counter:
    """An environment in which processes are counted.

    Attributes:
        wrapped: whether docker itself is wrapped too, as by a user's own script; composeroll then
            goes through it for everything.
    """

    directory: Path
    wrapped: bool

    @property
    def environment(self) -> dict[str, str]:
        """What the counted command finds in its environment."""
        config = {"DOCKER_CONFIG": str(self.directory / "config")}
        path = f"{self.directory / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return config | ({"PATH": path} if self.wrapped else {})

    @contextmanager
    def counting(self) -> Iterator[Counted]:
        """Count from here to the end of the block."""
        for log in self.directory.glob("*.log"):
            log.unlink()
        yield Counted(self.directory)


def counter(directory: Path, *, wrapped: bool) -> Counter:
    """Put the counting programs into a directory."""
    docker = shutil.which("docker")
    plugin = next(path for place in SYSTEM if (path := Path(place, "docker-compose")).exists())
    assert docker
    _shim(directory / "bin" / "docker", directory / "docker.log", Path(docker))
    plugins = directory / "config" / "cli-plugins"
    _shim(plugins / "docker-compose", directory / "compose.log", plugin)
    return Counter(directory, wrapped)


def _shim(path: Path, log: Path, real: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SHIM.format(log=log, real=real), encoding="utf-8")
    path.chmod(0o755)


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []
