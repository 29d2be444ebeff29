"""Findings about the container that nginx runs in. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Mount, Replica, Severity
from composeroll.nginx.mounts import mount_under

GRACEFUL = frozenset({"SIGQUIT", "QUIT", "3"})
"""With any other signal nginx exits and drops its requests (control.html in its documentation)."""

_DELETED = "//deleted"
"""The suffix of a mount's root if its file was replaced (proc_pid_mountinfo(5))."""


def container_findings(
    container: Replica, include: str, mount_table: str | None
) -> tuple[Finding, ...]:
    """Return the findings about one gateway container.

    Args:
        container: the container that nginx runs in.
        include: absolute path of a service's include in it.
        mount_table: its `/proc/self/mountinfo`, None if its image has no shell; needed only if the
            include is `hard_to_write`.
    """
    return (*_stopped(container), *_written(container, include, mount_table))


def socket_access_findings(gateway: str, *, shows: bool) -> tuple[Finding, ...]:
    """Return a note if old workers' sockets cannot be read: drains wait for all connections.

    Args:
        gateway: the service that runs nginx.
        shows: whether its image has the programs that reading its workers' sockets needs.
    """
    if shows:
        return ()
    what = (
        "drains wait for every open connection, be it a websocket to another service: the sockets"
        f" of {gateway} cannot be read, since its image lacks sh, ls, tr or cat"
    )
    help_ = "use an image that has them; drain.timeout limits how long a drain waits"
    return (Finding(Severity.NOTE, what, help_),)


def hard_to_write(container: Replica, include: str) -> Mount | None:
    """Return the mounted single file or tmpfs that the include is on: no engine can write there."""
    mount = mount_under(include, container.mounts)
    return mount if mount and (mount.destination == include or mount.kind == "tmpfs") else None


def _stopped(container: Replica) -> Iterator[Finding]:
    if container.stop_signal not in GRACEFUL:
        yield Finding(
            Severity.NOTE,
            f"{container.service} is stopped with {container.stop_signal}, upon which nginx drops"
            " its requests",
            f"services.{container.service}.stop_signal: SIGQUIT",
        )


def _written(container: Replica, include: str, mount_table: str | None) -> Iterator[Finding]:
    mount = hard_to_write(container, include)
    if mount is None:
        return
    if mount_table is None:
        yield Finding(
            Severity.REFUSAL,
            f"{container.service} has no shell that could write {include}, and the engine cannot"
            f" write to {mount.destination}: it is {_kind(mount)}",
            "put the include into a directory of the image, a volume or a mounted directory",
        )
    elif _is_deleted(mount.destination, mount_table):
        yield Finding(
            Severity.WARNING,
            f"{include} was replaced on the host, and nginx still sees the old file:"
            f" what a rollout writes there is gone with {container.name}",
            "mount the directory around it instead",
        )


def _kind(mount: Mount) -> str:
    return "a tmpfs" if mount.kind == "tmpfs" else "a single file"


def _is_deleted(destination: str, mount_table: str) -> bool:
    """Return whether the mounted file was replaced on the host.

    The fourth and fifth field of a line are the mount's root and its mount point.
    """
    roots = {words[4]: words[3] for words in map(str.split, mount_table.splitlines()) if words[4:]}
    return roots.get(destination, "").endswith(_DELETED)
