"""The stacks of the long runs, and the load on them."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

from tests.bed import images
from tests.bed.images import Image
from tests.e2e.harness import recipe
from tests.e2e.harness.recipe import Recipe
from tests.e2e.harness.rolling import WITH_WEBSOCKETS
from tests.load.run import HARD_LIMIT

HERE = Path(__file__).parent
PREFIX = "rel"
"""How the names of all their projects begin."""

FULL = replace(WITH_WEBSOCKETS, rate=150)
"""Every kind of client there is, 3 s requests and websockets among them, at a rate that leaves the
processors to the updates."""

QUICK = replace(FULL, slow_path="/slow?s=1", websocket=0)
"""The same with 1 s requests and no websockets: a drain takes a second, so that many rounds fit."""

LIMIT = HARD_LIMIT
"""Seconds that a load may last, more than a stretch of rounds takes: see `under_judged_load`."""

DRAIN = ("--drain-timeout", "5s")
"""Longer than any request of the mix: what then still holds an old worker is a websocket."""


def image(service: str, base: str = "") -> Image:
    """The app of the end-to-end tests with a layer that names service and version: no package.

    Or another image, `base`, with such a layer.
    """
    base = base or images.APPS["checked"].ref
    built = {"BASE": base, "SERVICE": service}
    return Image(f"{service}:current", HERE / "image", built, parent=base)


def app(replicas: int = 2) -> Recipe:
    """The app behind the project's own gateway."""
    made = recipe.app("breakable", replicas=replicas)
    return replace(made, images={"app": image("app")})


def behind_an_edge() -> Recipe:
    """The app behind a gateway that can be replaced, all with the restart policy people have."""
    made = recipe.edge("revived")
    gateway = image("gateway", images.E2E_GATEWAYS["replaced", "forky"].ref)
    return replace(made, images={"app": image("app"), "gateway": gateway})


def two_apps() -> Recipe:
    """Two services behind one gateway, `/` and `/other/`, whose port outlives a restart."""
    made = app()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return replace(
        made,
        files=(*made.files, HERE / "stacks" / "other.yml"),
        images={service: image(service) for service in ("app", "other")},
        variables={**made.variables, "PORT": port},
        includes={"app": "app.include", "other": "other.include"},
        beside={"site.conf": (HERE / "stacks" / "site.conf").read_text(encoding="utf-8")},
    )


def restarting() -> Recipe:
    """The same, with the restart policy that people have."""
    made = two_apps()
    return replace(made, files=(*made.files, HERE / "stacks" / "restart.yml"))
