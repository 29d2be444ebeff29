"""Gateways that could not be read: what that means for each service. Pure.

A gateway whose nginx keeps serving with its old configuration, but rejects its current files,
concerns only the services that it sends requests to.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from msgspec import Struct

from composeroll.config.project import Project, Service
from composeroll.config.settings import NO_GATEWAY
from composeroll.errors import GatewayUnread
from composeroll.model import Finding, Replica, Severity
from composeroll.rollout.survey.reach import may_reach


class Rejected(Struct, frozen=True):
    """A gateway's container, and why its nginx's configuration is not known."""

    container: Replica
    why: GatewayUnread

    @property
    def service(self) -> str:
        """The gateway's service."""
        return self.container.service


def may_lead_to(
    service: Service, replicas: Sequence[Replica], project: Project, rejected: Sequence[Rejected]
) -> Iterator[Rejected]:
    """Yield the unread gateways that may send requests to a service.

    Args:
        service: the service.
        replicas: the service's containers.
        project: the compose model.
        rejected: the gateways that could not be read.
    """
    named = service.settings.gateway
    carries_files = project.sharing_volumes_of(service.name)
    for one in rejected:
        reached = not carries_files and may_reach(one.container, service, replicas)
        if one.service != service.name and (one.service == named or (named is None and reached)):
            yield one


def without_place(
    rejected: Sequence[Rejected],
    services: Container[str],
    project: Project,
    places: Mapping[str, object],
) -> Mapping[str, GatewayUnread]:
    """Return the services that are gateways themselves and could not be read.

    A service that has one of `places` behind another gateway is a server like any other, unless
    the settings name it as a gateway.
    """
    named = {service.settings.gateway for service in project.services.values()}
    return {
        one.service: one.why
        for one in rejected
        if one.service in services
        if one.service in named or one.service not in places
    }


def no_place_known(one: Rejected, service: str) -> GatewayUnread:
    """Return the refusal for a service that has no place in the gateways that could be read."""
    apart = f"if it sends no requests to {service}, services.{service}.x-composeroll.gateway:"
    help_ = "; ".join(filter(None, (one.why.help, f"{apart} {NO_GATEWAY}")))
    return GatewayUnread(one.why.what, help=help_, evidence=one.why.evidence)


def unread_gateway_finding(one: Rejected, service: str) -> Finding:
    """Return the warning for a service that has a place in another gateway."""
    return Finding(
        Severity.WARNING,
        f"whether nginx in {one.service} sends requests to {service} too is not known:"
        f" {one.why.what}",
        one.why.help or "",
    )
