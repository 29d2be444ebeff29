"""Routes from nginx to a service that only one replica at a time can serve. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.config.project import Service
from composeroll.config.settings import Order
from composeroll.model import Finding, Replica
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.discovery.subject import Subject
from composeroll.nginx.findings.published import published_findings
from composeroll.nginx.findings.sockets import socket_findings


def exclusive_findings(
    configuration: Configuration,
    container: Replica,
    service: Service,
    subject: Subject,
    beside: str = "",
) -> Iterator[Finding]:
    """Find unix sockets and published host ports; none with stop-first, where two never run.

    Args:
        configuration: the configuration of the gateway's nginx.
        container: the gateway's container.
        service: the service that the routes lead to.
        subject: the same service, as discovery looks for it.
        beside: the gateway that also has an upstream of the service, empty if none has.
    """
    if service.settings.order is Order.STOP_FIRST:
        return
    yield from socket_findings(configuration, container.mounts, subject, beside)
    if not beside:
        yield from published_findings(configuration, container, subject)
