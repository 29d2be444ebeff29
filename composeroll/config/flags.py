"""Compose's own global flags, kept as given and passed on unchanged."""

from __future__ import annotations

import shlex

from msgspec import Struct
from msgspec.structs import replace

from composeroll.errors import UsageError


class ComposeFlags(Struct, frozen=True):
    """The flags between `docker compose` and its verb.

    The environment's `COMPOSE_*` and `DOCKER_*` are not included: docker reads them itself.

    Attributes:
        files: `-f`, in order; `-` (standard input) is refused, since it cannot be read twice.
        project_name: `-p`; None lets compose choose it from the environment, file or directory.
        profiles: `--profile`, in order.
        env_files: `--env-file`, in order.
        project_directory: `--project-directory`.
        context: docker's `-c/--context`.
        host: docker's `-H/--host`.

    Raises:
        UsageError: one of the files is `-`.
    """

    files: tuple[str, ...] = ()
    project_name: str | None = None
    profiles: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    project_directory: str | None = None
    context: str | None = None
    host: str | None = None

    def __post_init__(self) -> None:
        if "-" in self.files:
            raise UsageError(
                "-f - cannot be read: compose reads the file more than once",
                help="write it to a file, and pass that with -f",
            )

    def named(self, project: str) -> ComposeFlags:
        """Return the same flags with a fixed project name, so that no later call can differ."""
        return replace(self, project_name=project)

    def with_all_profiles(self) -> ComposeFlags:
        """Return the same flags with all profiles active, so that every service is visible."""
        return replace(self, profiles=(*self.profiles, "*"))

    def docker_argv(self) -> list[str]:
        """Return `docker` and the flags that choose the engine."""
        return ["docker", *self._engine()]

    def compose_argv(self) -> list[str]:
        """Return `docker … compose` and the flags that choose the project."""
        return [*self.docker_argv(), "compose", *self._project()]

    def spelled_out(self, text: str) -> str:
        """Return `text` with these flags in every command in backticks, ready to be copied."""
        compose, docker = shlex.join(self.compose_argv()), shlex.join(self.docker_argv())
        own = shlex.join(["composeroll", *self._engine(), *self._project()])
        return (
            text.replace("`docker ", f"`{docker} ")
            .replace(f"`{docker} compose ", f"`{compose} ")
            .replace("`composeroll ", f"`{own} ")
        )

    def _engine(self) -> list[str]:
        return [*_option("-c", self.context), *_option("-H", self.host)]

    def _project(self) -> list[str]:
        return [
            *_each("-f", self.files),
            *_each("--profile", self.profiles),
            *_each("--env-file", self.env_files),
            *_option("-p", self.project_name),
            *_option("--project-directory", self.project_directory),
        ]


def _option(name: str, value: str | None) -> list[str]:
    return [] if value is None else [name, value]


def _each(name: str, values: tuple[str, ...]) -> list[str]:
    return [word for value in values for word in (name, value)]
