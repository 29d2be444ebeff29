"""The engine's endpoint: flags, environment, contexts and default, in docker's order.

The order is docker/cli's `resolveContextName` (cli/command/cli.go): `--context`; `--host`;
DOCKER_HOST; DOCKER_CONTEXT; `currentContext` of config.json; the local socket.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from composeroll.config.flags import ComposeFlags
from composeroll.errors import UsageError

DEFAULT_HOST = "unix:///var/run/docker.sock"


class Endpoint(Struct, frozen=True):
    """An engine's address, such as `unix:///var/run/docker.sock` or `ssh://deploy@staging`."""

    host: str

    @property
    def socket_path(self) -> str | None:
        """The path of the engine's socket if it is on this machine, otherwise None."""
        scheme, _, path = self.host.partition("://")
        return (path or DEFAULT_HOST.removeprefix("unix://")) if scheme == "unix" else None


def resolve(flags: ComposeFlags, environment: Mapping[str, str]) -> Endpoint:
    """Return the engine that `docker` would use with these flags and this environment.

    Raises:
        UsageError: `--host` and `--context` contradict each other, or there is no such context.
    """
    if flags.context and flags.host:
        raise UsageError("--host and --context name two engines", help="give one of the two")
    config = config_directory(environment)
    context = _context_name(flags, environment, config)
    if context == "default":
        return Endpoint(flags.host or environment.get("DOCKER_HOST") or DEFAULT_HOST)
    return Endpoint(_host_of_context(config, context))


def config_directory(environment: Mapping[str, str]) -> Path:
    """Return docker's configuration directory: DOCKER_CONFIG, or ~/.docker.

    For a user without a home directory, docker uses the working directory.
    """
    if chosen := environment.get("DOCKER_CONFIG"):
        return Path(chosen)
    try:
        return Path.home() / ".docker"
    except RuntimeError:
        return Path(".docker")


def read_config(directory: Path) -> dict[str, Any]:
    """Return docker's config.json, empty if there is none or it cannot be read.

    The first compose command reports an unreadable file.
    """
    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _context_name(flags: ComposeFlags, environment: Mapping[str, str], config: Path) -> str:
    if flags.context:
        return flags.context
    if flags.host or environment.get("DOCKER_HOST"):
        return "default"
    chosen = environment.get("DOCKER_CONTEXT") or read_config(config).get("currentContext")
    return chosen or "default"


def _host_of_context(config: Path, name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts" / "meta" / digest / "meta.json"
    try:
        return str(json.loads(meta.read_text(encoding="utf-8"))["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"there is no docker context {name!r}", help="`docker context ls`"
        ) from error
