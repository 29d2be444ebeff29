"""What compose itself does where it starts or stops a container, besides starting or stopping it.

Files that a config or a secret holds by itself are copied in after the creation, and hooks are run,
by whoever starts the container (compose, `startService` and `stopContainer` in pkg/compose).
`pre_start`, since 5.3, is run in containers of its own, and only where none of the service's runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from composeroll.config.dollars import written
from composeroll.model import Hook

PRE_START = "pre_start"
KINDS = ("configs", "secrets")
WRITTEN_OUT = ("content", "environment")
"""Keys of a config or a secret that has no file on the host which could be mounted."""


def written_out(model: Mapping[str, Any]) -> frozenset[str]:
    """The configs and secrets of the whole file that are copied in, as `configs.NAME`."""
    return frozenset(
        f"{kind}.{name}"
        for kind in KINDS
        for name, how in (model.get(kind) or {}).items()
        if any(key in (how or {}) for key in WRITTEN_OUT)
    )


def done_at_start(raw: Mapping[str, Any], copied: frozenset[str]) -> Iterator[str]:
    """What compose copies into a service's containers or runs in them when it starts them."""
    for kind in KINDS:
        for entry in raw.get(kind) or ():
            source = entry["source"] if isinstance(entry, Mapping) else entry
            if f"{kind}.{source}" in copied:
                yield f"{kind}.{source}"
    for hook in (PRE_START, "post_start"):
        if raw.get(hook):
            yield hook


def hook_images(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The images that its `pre_start` needs besides the service's own, which is their default."""
    named = (hook.get("image") for hook in raw.get(PRE_START) or ())
    return tuple(dict.fromkeys(str(i) for i in named if i and i != raw.get("image")))


def stop_hooks(raw: Mapping[str, Any]) -> Iterator[Hook]:
    """What is to be run in a service's container before it is stopped."""
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
    """Without a value the bare name, by which the engine leaves the container's own one out."""
    return name if value is None else f"{name}={value}"
