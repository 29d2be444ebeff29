"""Slow imports that a rollout needs late, started early in a thread."""

from __future__ import annotations

import threading
from importlib import import_module

LATE = ("crossplane", "jinja2")
"""In the order of need: reading nginx takes crossplane, and the first switch jinja2 (0.05 s)."""


def import_late() -> None:
    """Start the imports in a thread."""
    threading.Thread(target=lambda: list(map(import_module, LATE)), daemon=True).start()
