"""Compose's program, run as docker runs it, but without docker.

`docker compose` is three processes: docker, the plugin printing its metadata, and the plugin doing
the work. The last one alone takes half the time. Its command line is the contract
of docker's plugins: `docker-compose [GLOBAL OPTIONS] compose …` (docs/extend/cli_plugins.md in
docker/cli).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from composeroll.config.flags import ComposeFlags
from composeroll.engine.api.endpoint import config_directory, read_config

CALLED_BY = "DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND"
"""The variable that docker sets for its plugins; without it the plugin acts as standalone tool."""

SYSTEM = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
"""Docker's system plugin directories (`defaultSystemPluginDirs`), after the user's own."""


def compose_argv(flags: ComposeFlags) -> list[str]:
    """Return the command that starts `docker compose` with these flags."""
    return [*docker_for_compose(os.environ), *flags.compose_argv()[1:]]


def docker_for_compose(environment: Mapping[str, str]) -> list[str]:
    """Return what to run in place of `docker`, before `compose`.

    It is `docker` if the plugin is not found, or if `docker` is a script, such as podman's or a
    wrapper, which is there on purpose.
    """
    docker = shutil.which("docker", path=environment.get("PATH"))
    plugin = _plugin(environment) if docker and not _is_script(Path(docker)) else None
    return ["env", f"{CALLED_BY}={docker}", str(plugin)] if plugin else ["docker"]


def _plugin(environment: Mapping[str, str]) -> Path | None:
    found = (directory / "docker-compose" for directory in _directories(environment))
    return next((path for path in found if os.access(path, os.X_OK)), None)


def _directories(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the plugin directories, in the order of docker's `getPluginDirs`."""
    own = config_directory(environment)
    yield from map(Path, read_config(own).get("cliPluginsExtraDirs") or ())
    yield own / "cli-plugins"
    yield from map(Path, SYSTEM)


def _is_script(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True
