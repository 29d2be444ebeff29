"""The stacks of the long runs, and the load on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.bed import images
from tests.bed.images import Image
from tests.e2e.harness import recipe
from tests.e2e.harness.recipe import Recipe
from tests.e2e.harness.rolling import WITH_WEBSOCKETS

HERE = Path(__file__).parent
PREFIX = "rel"
"""How the names of all their projects begin."""

FULL = replace(WITH_WEBSOCKETS, rate=150)
"""Every kind of client there is, 3 s requests and websockets among them, at a rate that leaves the
processors to the updates."""

DRAIN = ("--drain-timeout", "5s")
"""Longer than any request of the mix: what then still holds an old worker is a websocket."""


def version(of: str = "checked") -> Image:
    """The app of the end-to-end tests, a layer with a version on it; built without any package."""
    base = images.APPS[of].ref
    return Image("app:current", HERE / "image", {"BASE": base}, parent=base)


def app(replicas: int = 2) -> Recipe:
    """The app behind the project's own gateway."""
    made = recipe.app("breakable", replicas=replicas)
    return replace(made, images={"app": version()})
