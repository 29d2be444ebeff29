"""Findings about one service's include at a rollout or a restart. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composeroll.model import Finding, Mount, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.upstreams import is_name
from composeroll.nginx.configuration.version import RESOLVE
from composeroll.nginx.discovery.discovery import Found
from composeroll.nginx.mounts import mount_under


def include_findings(
    configuration: Configuration,
    found: Found,
    mounts: Sequence[Mount],
    *,
    read_only: bool = False,
    written_at: str = "",
) -> tuple[Finding, ...]:
    """Return the findings about one service's include, and its path in the gateway's container.

    Args:
        configuration: the gateway's configuration.
        found: the service's place in it.
        mounts: the gateway container's mounts.
        read_only: whether that container's own filesystem is read-only.
        written_at: the target of a link at the include's path; empty if it is not a link.
    """
    return (
        *_read(configuration, found),
        *_mounted(written_at or found.include, mounts, read_only=read_only),
        *_zone(found),
        *_frozen_names(configuration, found),
    )


def _read(configuration: Configuration, found: Found) -> Iterator[Finding]:
    if found.include != configuration.main and configuration.included_by(found.include) is None:
        yield Finding(
            Severity.REFUSAL,
            f"no include directive reads {found.include}",
            f"write `include {found.include};` into the http block of {configuration.main}",
        )


def _mounted(include: str, mounts: Sequence[Mount], *, read_only: bool) -> Iterator[Finding]:
    mount = mount_under(include, mounts)
    if mount is None and read_only:
        folder = include.rpartition("/")[0]
        what = f"{include} lies on the container's own filesystem, which is read-only"
        yield Finding(Severity.REFUSAL, what, f"mount a volume or a tmpfs on {folder}")
    if mount is None:
        return
    if not mount.writable:
        what = f"{include} lies on {mount.destination}, which is mounted read-only"
        yield Finding(Severity.REFUSAL, what, f"mount {mount.destination} without `ro`")
    elif mount.destination == include:
        yield Finding(
            Severity.WARNING,
            f"{include} is mounted as a single file, which cannot be replaced atomically",
            "mount the directory around it instead",
        )


def _zone(found: Found) -> Iterator[Finding]:
    if not any(d.split()[0] == "zone" for d in found.upstream.directives):
        name = found.upstream.name
        yield Finding(
            Severity.NOTE,
            f"upstream {name} has no zone: each worker learns of a failed replica by itself",
            f"write `zone {name} 256k;` into {found.include}",
        )


def _frozen_names(configuration: Configuration, found: Found) -> Iterator[Finding]:
    for server in found.upstream.servers:
        if is_name(server.address) and "resolve" not in server.parameters:
            new = configuration.version >= RESOLVE
            better = "add `resolve` behind it" if new else "nginx 1.27.3 can resolve"
            yield Finding(
                Severity.NOTE,
                f"`server {server.address}` is looked up once, when nginx starts, and nginx does"
                " not start while the name does not exist",
                f"{better}, with a `zone` and a `resolver`; the first rollout writes addresses in"
                " its place",
            )
