"""What a rollout needs late, and Python takes long to import: begun early, on the side."""

from __future__ import annotations

import threading
from importlib import import_module

LATE = ("crossplane", "jinja2")
"""In the order of need: reading nginx takes crossplane, and the first switch jinja2 (0.05 s)."""


def import_late() -> None:
    """Begin to import it, beside whatever goes on now."""
    threading.Thread(target=lambda: list(map(import_module, LATE)), daemon=True).start()
