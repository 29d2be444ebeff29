"""Ways from nginx to a service that only one replica can stand at the end of. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.config.project import Service
from composeroll.config.settings import Order
from composeroll.model import Finding, Replica
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.discovery.subject import Subject
from composeroll.nginx.findings.published import published_findings
from composeroll.nginx.findings.sockets import socket_findings


def by_one_alone(
    told: Configuration, container: Replica, service: Service, subject: Subject, beside: str = ""
) -> Iterator[Finding]:
    """Its unix sockets, and its ports of the host; with a gap there are never two.

    Args:
        told: what the gateway's nginx was told.
        container: the gateway's.
        service: the one that is asked about.
        subject: the same, as it is looked for there.
        beside: the gateway that has an upstream of the service too; empty where there is none.
    """
    if service.settings.order is Order.STOP_FIRST:
        return
    yield from socket_findings(told, container.mounts, subject, beside)
    if not beside:
        yield from published_findings(told, container, subject)
