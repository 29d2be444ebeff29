"""Compose's program, run as docker runs it, without docker in between.

`docker compose` is three processes: docker, the plugin that is asked for its metadata, and the
plugin that does the work. The last one alone takes half the time. Its command line is the contract
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
"""What docker sets for its plugins; without it the plugin takes itself for the standalone tool."""

SYSTEM = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
"""Where docker looks after the user's own directories (`defaultSystemPluginDirs`)."""


def compose_argv(flags: ComposeFlags) -> list[str]:
    """What starts `docker compose` with these flags."""
    return [*docker_for_compose(os.environ), *flags.compose_argv()[1:]]


def docker_for_compose(environment: Mapping[str, str]) -> list[str]:
    """What to write in place of `docker` before `compose`.

    A script in docker's place, such as podman's or a wrapper of the user's, is there on purpose: it
    is run, and so is docker where the plugin is not found.
    """
    docker = shutil.which("docker", path=environment.get("PATH"))
    plugin = _plugin(environment) if docker and not _is_script(Path(docker)) else None
    return ["env", f"{CALLED_BY}={docker}", str(plugin)] if plugin else ["docker"]


def _plugin(environment: Mapping[str, str]) -> Path | None:
    found = (directory / "docker-compose" for directory in _directories(environment))
    return next((path for path in found if os.access(path, os.X_OK)), None)


def _directories(environment: Mapping[str, str]) -> Iterator[Path]:
    """In the order of docker's `getPluginDirs`, whose own comment has the first two reversed."""
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
