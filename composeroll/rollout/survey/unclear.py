"""Services that an upstream may mean by a name that only its gateway can resolve. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from composeroll.config.project import Project, Service
from composeroll.model import Replica
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.discovery.claims import unclear, unclear_passes
from composeroll.nginx.discovery.refusals import unclear_names, unclear_target
from composeroll.nginx.discovery.subject import Subject
from composeroll.rollout.survey.reach import may_reach


def require_clear_names(
    project: Project,
    service: Service,
    subject: Subject,
    gateways: Iterable[tuple[Replica, Configuration]],
) -> None:
    """Refuse a service without a place if an upstream or a pass may mean it after all.

    Such a service would be replaced without a switch. An upstream that the settings assign to
    another service does not count.

    Args:
        project: the compose model.
        service: the service that has no place in any gateway.
        subject: the same service, as discovery looks for it.
        gateways: a container of each gateway, and its configuration.

    Raises:
        Refused: an upstream may be the service's, or a pass may lead to it.
    """
    if project.sharing_volumes_of(service.name):
        return
    others = (other for other in project.services.values() if other.name != service.name)
    taken = {other.settings.upstream for other in others}
    for container, configuration in gateways:
        asked = service.settings.gateway in (None, container.service)
        if asked and may_reach(container, service, subject.replicas):
            for block in unclear(configuration, subject):
                if block.upstream.name not in taken:
                    raise unclear_names(subject, block)
            for one in unclear_passes(configuration, subject):
                raise unclear_target(subject, one)
