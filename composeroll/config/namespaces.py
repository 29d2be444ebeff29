"""Namespaces that a service's containers share with those of other services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_OF_SERVICE = "service:"


def edge(raw: Mapping[str, Any]) -> str:
    """Return the service whose network namespace it shares; empty if it has its own."""
    return _service(raw, "network_mode")


def hosts(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield the services whose process or IPC namespace it shares."""
    yield from filter(None, (_service(raw, key) for key in ("pid", "ipc")))


def _service(raw: Mapping[str, Any], key: str) -> str:
    mode = str(raw.get(key) or "")
    return mode.removeprefix(_OF_SERVICE) if mode.startswith(_OF_SERVICE) else ""
