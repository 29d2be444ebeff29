"""Findings about what a rollout would remove from an upstream's servers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Server, Severity
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.configuration.upstreams import DEFAULT_PORT, host_and_port, ports_named
from composeroll.nginx.discovery.discovery import Found, Subject
from composeroll.nginx.include import written_by

IN_A_TEMPLATE = "name it in your own template (x-composeroll.template)"

_WEIGHT = "weight="


def lost_findings(
    configuration: Configuration, subject: Subject, found: Found
) -> tuple[Finding, ...]:
    """Return warnings about what the user wrote; in composeroll's own file, only about backups."""
    if written_by(configuration.files.get(found.include, "")):
        return tuple(_backups(found))
    return (
        *_backups(found),
        *_addresses(subject, found),
        *_ports(subject, found),
        *_weights(found),
    )


def _backups(found: Found) -> Iterator[Finding]:
    for server in found.upstream.servers:
        if "backup" in server.parameters and not server.comment:
            yield Finding(
                Severity.WARNING,
                f"`server {server.address} backup` would be lost in a rollout",
                IN_A_TEMPLATE,
            )


def _addresses(subject: Subject, found: Found) -> Iterator[Finding]:
    """Yield a warning for each address that is not a replica's.

    If none is a replica's now, all of them may have been: then there is no warning.
    """
    usual = _usual(found)
    if not any(map(subject.owns, usual)):
        return
    for server in usual:
        if not subject.owns(server):
            yield Finding(
                Severity.WARNING,
                f"`server {server.address}` is not a replica of {subject.service}, and would be"
                " lost in a rollout",
                IN_A_TEMPLATE,
            )


def _ports(subject: Subject, found: Found) -> Iterator[Finding]:
    """Several processes in one container; where all servers have another port, it has moved."""
    usual = _usual(found)
    if len(ports_named(usual)) == 1:
        return
    for server in usual:
        _, port = host_and_port(server.address, DEFAULT_PORT)
        if port not in (None, found.port) and subject.owns(server):
            yield Finding(
                Severity.WARNING,
                f"`server {server.address}` would be lost in a rollout, which names each replica of"
                f" {subject.service} once, by port {found.port}",
                "let each replica listen on one port, and run more replicas instead",
            )


def _weights(found: Found) -> Iterator[Finding]:
    """Yield a warning if weights differ, unless the user's template defines them."""
    usual = _usual(found)
    if not found.template and len({_weight(server) for server in usual}) > 1:
        told = ", ".join(f"{s.address} {_weight(s)}" for s in usual)
        yield Finding(
            Severity.WARNING,
            f"the weights in upstream {found.upstream.name} would be lost in a rollout: {told}",
            "write them in your own template (x-composeroll.template)",
        )


def _usual(found: Found) -> list[Server]:
    return [s for s in found.upstream.servers if not {"backup", "down"} & set(s.parameters)]


def _weight(server: Server) -> str:
    """Return the weight of a server; nginx's default is `weight=1`."""
    return next((p for p in server.parameters if p.startswith(_WEIGHT)), f"{_WEIGHT}1")
