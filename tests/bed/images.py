"""The images of the gateway, of the staging example and of the end-to-end tests.

An image is built where its sources, its parent or its arguments have changed, which a label of the
image tells; so a second run builds nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fcntl import LOCK_EX, flock
from pathlib import Path

from . import base_image, command, registry, say, state

ROOT = Path(__file__).resolve().parents[2]
STAGING_FOLDER = ROOT / "examples" / "staging"
E2E_FOLDER = ROOT / "tests" / "e2e" / "images"

SOURCES = "composeroll-bed.sources"
"""The label that holds the fingerprint of what an image was made from."""
VERSION = "org.opencontainers.image.version"
PUBLISHED = "composeroll-bed.published"
"""The label that holds the reference an image was published under: no two share an image ID.

Where an engine is told twice at once to forget one ID, one of the two fails; where it forgets
and pulls one ID at the same time, the new tag can be lost.
"""
AT_ONCE = 4
"""Builds side by side: on two cores some download while others unpack."""


@dataclass(frozen=True)
class Image:
    """What is built under the name `ref`.

    `args` are build arguments, `target` is a stage of the Dockerfile, `contexts` are named folders
    beside `folder`; `parent` is the local image it is made from.
    """

    ref: str
    folder: Path
    args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    contexts: Mapping[str, Path] = field(default_factory=dict)
    parent: str = base_image.NAME

    @property
    def is_pushed(self) -> bool:
        """Whether its name is one of the bed's registry."""
        return self.ref.startswith(registry.ADDRESS)


def _staging(service: str) -> Image:
    ref = f"{registry.ADDRESS}/staging/{service}:staging"
    if service == "nginx":
        return Image(ref, ROOT / "nginx", contexts={"sites": STAGING_FOLDER / "nginx"})
    return Image(ref, STAGING_FOLDER / service)


SERVICES = (
    "edge",
    "php-fpm",
    "sdcv",
    "websocket",
    "nginx",
    "redis",
    "memcached",
    "applications",
    "applications1",
)
STAGING = {service: _staging(service) for service in SERVICES}

GATEWAYS = {
    suite: Image(f"composeroll/gateway:{suite}", ROOT / "nginx", {"SUITE": suite})
    for suite in ("forky", "trixie")
}
"""The project's gateway with nginx >= 1.30 (forky) and with 1.26 (trixie)."""


def _e2e_gateway(kind: str, suite: str) -> Image:
    parent = GATEWAYS[suite].ref
    ref = f"composeroll-e2e/gateway:{kind}-{suite}"
    return Image(ref, E2E_FOLDER / "gateway", {"GATEWAY": parent}, kind, parent=parent)


E2E_GATEWAYS = {
    (kind, suite): _e2e_gateway(kind, suite)
    for kind, suite in (
        ("plain", "forky"),
        ("plain", "trixie"),
        ("busybox", "forky"),
        ("no-shell", "forky"),
        ("non-root", "forky"),
        ("non-root-own", "forky"),
        ("replaced", "forky"),
    )
}
"""Gateways in front of `app`, by what is special about them and the suite of their nginx."""

APPS = {
    kind: Image(f"composeroll-e2e/app:{kind}", E2E_FOLDER / "app", target=kind)
    for kind in ("plain", "checked")
}
"""The app of the end-to-end tests; `publish` makes versions and broken builds of it."""

E2E_STAGING = {
    service: replace(STAGING[service], ref=f"composeroll-e2e/{service}")
    for service in ("edge", "php-fpm")
}
"""The staging example's under names of the tests' own: who plays with it moves its tags."""

WAVES = (
    (*STAGING.values(), *GATEWAYS.values(), *APPS.values()),
    (*E2E_GATEWAYS.values(), *E2E_STAGING.values()),
)
"""Every image; those of the second wave are made from images or layers of the first."""


def all_up() -> None:
    """Build and push every image that is not there as its sources want it."""
    for wave in WAVES:
        up(wave)


def up(images: Iterable[Image]) -> None:
    """Build and push those of `images` that are not there as their sources want them.

    The registry is brought up meanwhile.
    """
    wanted = list(images)
    there = _sources_of(image.ref for image in wanted)
    stale = [image for image in wanted if there.get(image.ref) != fingerprint(image)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        registry_is_up = pool.submit(registry.up)
        list(pool.map(build, stale))
        registry_is_up.result()
        ours = (image for image in wanted if image.is_pushed)
        list(pool.map(push, (i for i in ours if i in stale or not registry.has(i.ref))))


def build(image: Image, version: str = "1") -> None:
    """Build `image` under its name, with `version` inside."""
    labels = {SOURCES: fingerprint(image), VERSION: version}
    with say.took(f"built {image.ref}"):
        command.run(["docker", "build", *_options(image, version, labels)], log="images")


def push(image: Image) -> None:
    """Push `image` to the bed's registry."""
    command.run(["docker", "push", "-q", image.ref], log="images")


def publish(image: Image, ref: str, version: str, **args: str) -> None:
    """Move the tag `ref` in the registry to a build of `image`; the engine's own tag stays.

    So a later `docker pull` really moves a tag.

    Args:
        image: what is built.
        ref: address/name:tag in the bed's registry.
        version: what the build argument VERSION says.
        args: further build arguments.
    """
    registry.issue(_built(image, version, args), ref, {PUBLISHED: ref})


def _built(image: Image, version: str, args: Mapping[str, str]) -> str:
    """Where in the registry there is a build of `image`; what was built once is not built again."""
    variant = replace(image, args={**image.args, **args})
    sources = fingerprint(variant)
    what = hashlib.sha256(f"{sources} {version}".encode()).hexdigest()
    built = replace(variant, ref=f"{registry.ADDRESS}/built/{image.folder.name}:{what[:32]}")
    labels = {SOURCES: sources, VERSION: version, PUBLISHED: built.ref}
    with (state.directory() / "built.lock").open("w") as lock:
        flock(lock, LOCK_EX)  # who wants the same one waits for it
        if not registry.has(built.ref):
            command.run(["docker", "build", *_options(built, version, labels)], log="images")
            push(built)
            command.run(["docker", "image", "rm", built.ref])
    return built.ref


def bump(service: str, version: str | None = None) -> str:
    """Push a new version of a staging service under the same tag; return the version.

    Without `version` it is the number after the one that the registry has now.
    """
    image = STAGING[service]
    new = version or str(int(registry.labels(image.ref).get(VERSION, "0")) + 1)
    publish(image, image.ref, new)
    return new


def fingerprint(image: Image) -> str:
    """A digest of all that goes into `image` but its version."""
    digest = hashlib.sha256()
    folders = (image.folder, *image.contexts.values())
    for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
        if path.is_file():
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    digest.update(json.dumps([image.target, *sorted(image.args.items())]).encode())
    digest.update(_id(image.parent).encode())
    return digest.hexdigest()


def _id(ref: str) -> str:
    return command.output(["docker", "image", "inspect", "--format", "{{.Id}}", ref]).strip()


def _options(image: Image, version: str, labels: Mapping[str, str]) -> Iterator[str]:
    yield from ("--quiet", "--tag", image.ref)
    for name, value in {**image.args, "VERSION": version}.items():
        yield from ("--build-arg", f"{name}={value}")
    for name, value in labels.items():
        yield from ("--label", f"{name}={value}")
    for name, folder in image.contexts.items():
        yield from ("--build-context", f"{name}={folder}")
    if image.target:
        yield from ("--target", image.target)
    yield str(image.folder)


def _sources_of(refs: Iterable[str]) -> dict[str, str]:
    """The fingerprints of the images the engine holds, by each of their names.

    The engine says `:latest` where an image's name here says nothing.
    """
    form = f'{{{{json .RepoTags}}}}\t{{{{index .Config.Labels "{SOURCES}"}}}}'
    rows = command.output(["docker", "image", "inspect", "--format", form, *refs]).splitlines()
    known = (row.split("\t") for row in rows if row.startswith("["))
    named = ((name, sources) for names, sources in known for name in json.loads(names))
    return {ref: s for name, s in named for ref in (name, name.removesuffix(":latest"))}
