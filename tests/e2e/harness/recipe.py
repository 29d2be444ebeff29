"""What a stack is made of: compose files, their variables, and the images that it publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.bed import images, registry
from tests.bed.images import Image

FILES = Path(__file__).parents[1] / "stacks"
INCLUDES = "/opt/nginx/include"


@dataclass(frozen=True)
class Recipe:
    """A stack before it runs.

    Attributes:
        files: its compose files.
        gateway: the service that runs nginx.
        images: what is published for it, by service; each `ref` is below `${REGISTRY}`.
        variables: the rest of the compose files' `.env`.
        includes: the file in `/opt/nginx/include` for every service that nginx speaks to.
        beside: texts of further files next to the compose files, by name.
        edge: the service that publishes the gateway's ports, where it does not do so itself.
    """

    files: tuple[Path, ...]
    gateway: str
    images: Mapping[str, Image]
    variables: Mapping[str, str] = field(default_factory=dict)
    includes: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    edge: str = ""


def app(
    *overlays: str,
    gateway: str = "plain-forky",
    kind: str = "checked",
    replicas: int = 2,
    stop: str = "finish",
    beside: Mapping[str, str] | None = None,
) -> Recipe:
    """The tests' HTTP app behind one of their gateways.

    Args:
        overlays: further files of `stacks/`, without their ending.
        gateway: kind and suite, see `tests.bed.images.E2E_GATEWAYS`.
        kind: `plain` or `checked`: without or with a HEALTHCHECK.
        replicas: how many replicas of the app the file wants.
        stop: what the app does on SIGTERM: `finish` its requests, or end `at-once`.
        beside: texts of further files, by name.
    """
    built = replace(images.APPS[kind], args={"STOP": stop})
    services = ("app", *({"worker"} & set(overlays)))
    image = images.E2E_GATEWAYS[_pair(gateway)].ref
    return Recipe(
        files=tuple(FILES / f"{name}.yml" for name in ("app", *overlays)),
        gateway="gateway",
        images={service: replace(built, ref=f"{service}:current") for service in services},
        variables={"GATEWAY": image, "REPLICAS": str(replicas)},
        includes={"app": "app.include"},
        beside=beside or {},
    )


def edge(*overlays: str, replicas: int = 2) -> Recipe:
    """The app behind a gateway that can be replaced, since an edge holds its ports."""
    made = app("edge", *overlays, gateway="replaced-forky", replicas=replicas)
    gateway = images.E2E_GATEWAYS["replaced", "forky"]
    return replace(
        made,
        images={**made.images, "gateway": replace(gateway, ref="gateway:current")},
        variables={**made.variables, "EDGE": images.E2E_STAGING["edge"].ref},
        edge="edge",
    )


def staging() -> Recipe:
    """The staging example itself, its own file, beside the one that may be running."""
    return Recipe(
        files=(images.STAGING_FOLDER / "docker-compose-staging.yml",),
        gateway="nginx",
        images=_staging_images(),
        variables={"HTTP_PORT": "0", "SDCV_PORT": "0"},
        includes={
            "php-fpm": "upstream.include",
            "websocket": "websocket.include",
            "sdcv": "sdcv.include",
        },
        edge="edge",
    )


def seed() -> Recipe:
    """The compose file that the project began with."""
    return replace(staging(), files=(FILES / "seed.yml",), variables={}, edge="")


def _staging_images() -> Mapping[str, Image]:
    return {
        service: replace(image, ref=image.ref.removeprefix(f"{registry.ADDRESS}/"))
        for service, image in images.STAGING.items()
    }


def _pair(gateway: str) -> tuple[str, str]:
    kind, _, suite = gateway.rpartition("-")
    return kind, suite
