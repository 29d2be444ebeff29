"""What a rollout needs late, and Python takes longest to import: begun early, on the side."""

from __future__ import annotations

import threading
from importlib import import_module

LATE = ("composeroll.engine.compose_changes", "jinja2")
"""Creating containers takes python-on-whales (0.15 s), and the first switch jinja2 (0.05 s)."""


def import_late() -> None:
    """Begin to import it, beside whatever goes on now."""
    threading.Thread(target=lambda: list(map(import_module, LATE)), daemon=True).start()
