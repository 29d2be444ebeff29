"""Findings about unix sockets between nginx and a service: replicas cannot share them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from composeroll.model import Finding, Mount, Replica, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.dump import folded
from composeroll.nginx.discovery.subject import Subject
from composeroll.nginx.mounts import lies_on, source_of

UNIX = "unix:"


def socket_findings(
    configuration: Configuration, mounts: Sequence[Mount], subject: Subject, beside: str = ""
) -> Iterator[Finding]:
    """Yield a finding for each unix socket of nginx that the service may listen on.

    A new replica would take over the path before it is proven ready, and the old one would remove
    it when it stops. Which process listens is not visible from outside, but it must be able to
    write at the socket's path.

    Args:
        configuration: nginx's configuration.
        mounts: the gateway's mounts.
        subject: the service.
        beside: the gateway that also has an upstream of the service, empty if none has.
    """
    others = [replica for replica in subject.others if replica.service != beside]
    for path in dict.fromkeys(_sockets(configuration)):
        source = source_of(path, mounts)
        if _may_listen(subject.replicas, source):
            alone = not beside or not _may_listen(others, source)
            yield Finding(
                Severity.REFUSAL if alone else Severity.WARNING,
                f"nginx may reach {subject.service} by the unix socket {path}, which only one"
                " replica can listen on",
                f"let {subject.service} listen on a port, or accept a gap with --order stop-first"
                + _otherwise(subject, beside=bool(beside), alone=alone),
            )


def _may_listen(replicas: Iterable[Replica], source: str) -> bool:
    """Return whether a replica could create this socket; a socket mounted itself already exists."""
    theirs = {m.source for replica in replicas for m in replica.mounts if m.writable and m.source}
    return any(lies_on(source, mount) and source != mount for mount in theirs)


def _otherwise(subject: Subject, *, beside: bool, alone: bool) -> str:
    if not beside:
        key = f"services.{subject.service}.x-composeroll.gateway: none"
        return f"; if another service listens there, set {key}"
    return "" if alone else "; if another service listens there, all is well"


def _sockets(configuration: Configuration) -> Iterator[str]:
    servers = (s.address for block in configuration.upstreams for s in block.upstream.servers)
    passed = (one.target for one in configuration.passes)
    for place in (*passed, *servers):
        if place.startswith(UNIX):
            yield folded(place.removeprefix(UNIX).partition(":")[0])
