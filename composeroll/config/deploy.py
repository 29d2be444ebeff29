"""How many replicas a service asks for, and how much memory each may use, in all forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def replicas(raw: Mapping[str, Any]) -> int | None:
    """Return `scale` or `deploy.replicas`; None if the file does not say."""
    declared = raw.get("scale", (raw.get("deploy") or {}).get("replicas"))
    return None if declared is None else int(declared)


def memory(raw: Mapping[str, Any]) -> int | None:
    """Return the memory limit in bytes, as compose prints both forms; 0 means no limit."""
    limits = ((raw.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    return int(limits.get("memory") or raw.get("mem_limit") or 0) or None
