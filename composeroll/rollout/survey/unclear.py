"""Services that an upstream may mean by a name which only its gateway knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from composeroll.config.project import Project, Service
from composeroll.model import Replica
from composeroll.nginx.configuration.configuration import Configuration
from composeroll.nginx.discovery.claims import unclear, unclear_passes
from composeroll.nginx.discovery.refusals import unclear_names, unclear_target
from composeroll.nginx.discovery.subject import Subject
from composeroll.rollout.survey.reach import may_reach


def insist_on_clear_names(
    project: Project,
    service: Service,
    subject: Subject,
    gateways: Iterable[tuple[Replica, Configuration]],
) -> None:
    """What no upstream is known to mean is replaced without a switch: that has to be sure.

    An upstream that the settings give to another service is that one's.

    Args:
        project: the compose model.
        service: the one that has no place in any gateway.
        subject: the same, as it is looked for there.
        gateways: a container of each, and what it was told.

    Raises:
        Refused: an upstream may be its own, or a pass lead to it.
    """
    if project.sharing_volumes_of(service.name):
        return
    others = (other for other in project.services.values() if other.name != service.name)
    taken = {other.settings.upstream for other in others}
    for container, told in gateways:
        asked = service.settings.gateway in (None, container.service)
        if asked and may_reach(container, service, subject.replicas):
            for block in unclear(told, subject):
                if block.upstream.name not in taken:
                    raise unclear_names(subject, block)
            for one in unclear_passes(told, subject):
                raise unclear_target(subject, one)
