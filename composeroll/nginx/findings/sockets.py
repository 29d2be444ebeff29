"""Unix sockets between nginx and a service, which two replicas cannot share. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composeroll.model import Finding, Mount, Severity
from composeroll.nginx.configuration import Configuration
from composeroll.nginx.dump import folded
from composeroll.nginx.mounts import lies_on, source_of
from composeroll.nginx.subject import Subject

UNIX = "unix:"


def socket_findings(
    configuration: Configuration, mounts: Sequence[Mount], subject: Subject
) -> Iterator[Finding]:
    """A new replica would take the path over before its proof, and the old one's end remove it.

    Who listens there nobody can see from outside, but it has to write where the socket is.

    Args:
        configuration: what nginx was told.
        mounts: the gateway's.
        subject: the service.
    """
    mounts_of_its_own = (mount for replica in subject.replicas for mount in replica.mounts)
    theirs = {m.source for m in mounts_of_its_own if m.writable and m.source}
    for path in dict.fromkeys(_sockets(configuration)):
        source = source_of(path, mounts)
        if source and any(lies_on(source, mount) for mount in theirs):
            yield Finding(
                Severity.REFUSAL,
                f"nginx may reach {subject.service} by the unix socket {path}, which only one"
                " replica can listen on",
                f"let {subject.service} listen on a port, or accept a gap with --order stop-first;"
                f" if another service listens there, set services.{subject.service}.x-composeroll"
                ".gateway: none",
            )


def _sockets(configuration: Configuration) -> Iterator[str]:
    servers = (s.address for block in configuration.upstreams for s in block.upstream.servers)
    passed = (one.target for one in configuration.passes)
    for place in (*passed, *servers):
        if place.startswith(UNIX):
            yield folded(place.removeprefix(UNIX).partition(":")[0])
