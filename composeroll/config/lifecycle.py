"""What compose does besides starting or stopping a container.

When compose starts a container, it copies in the configs and secrets that have no file on the host,
and runs hooks (`startService` and `stopContainer` in compose's pkg/compose). `pre_start`, since
5.3, runs in separate containers, and only if none of the service's containers runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from composeroll.config.dollars import written
from composeroll.model import Hook

PRE_START = "pre_start"
API_SOCKET = "use_api_socket"
"""With it compose also copies in the user's registry logins (2.38, its `useAPISocket`)."""

KINDS = ("configs", "secrets")
WRITTEN_OUT = ("content", "environment")
"""Keys of a config or a secret without a file on the host that could be mounted."""


def written_out(model: Mapping[str, Any]) -> frozenset[str]:
    """Return the file's configs and secrets that compose copies in, as `configs.NAME`."""
    return frozenset(
        f"{kind}.{name}"
        for kind in KINDS
        for name, how in (model.get(kind) or {}).items()
        if any(key in (how or {}) for key in WRITTEN_OUT)
    )


def done_at_start(raw: Mapping[str, Any], copied: frozenset[str]) -> Iterator[str]:
    """Yield what compose copies into a service's containers, and hooks it runs, at their start."""
    for kind in KINDS:
        for entry in raw.get(kind) or ():
            source = entry["source"] if isinstance(entry, Mapping) else entry
            if f"{kind}.{source}" in copied:
                yield f"{kind}.{source}"
    for key in (PRE_START, "post_start", API_SOCKET):
        if raw.get(key):
            yield key


def hook_images(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the images of its `pre_start` hooks other than the service's own, their default."""
    named = (hook.get("image") for hook in raw.get(PRE_START) or ())
    return tuple(dict.fromkeys(str(i) for i in named if i and i != raw.get("image")))


def stop_hooks(raw: Mapping[str, Any]) -> Iterator[Hook]:
    """Yield the hooks to run in a service's container before it is stopped."""
    for hook in raw.get("pre_stop") or ():
        environment = hook.get("environment") or {}
        if isinstance(environment, Mapping):
            environment = [_variable(name, value) for name, value in environment.items()]
        yield Hook(
            command=tuple(map(written, hook["command"])),
            user=str(hook.get("user") or ""),
            environment=tuple(map(written, environment)),
            directory=str(hook.get("working_dir") or ""),
            privileged=bool(hook.get("privileged")),
        )


def _variable(name: str, value: object) -> str:
    """Return `NAME=VALUE`, or the bare name, which makes the engine remove the variable."""
    return name if value is None else f"{name}={value}"
