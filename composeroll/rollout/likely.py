"""What is likely to run nginx: by the file, by its name, by what it was started with. Pure."""

from __future__ import annotations

from pathlib import PurePosixPath

from composeroll.config.project import Project
from composeroll.model import Replica


def may_be_gateways(project: Project) -> frozenset[str]:
    """The services that the file leads one to take for gateways; all, where it tells nothing."""
    services = project.services.values()
    told = {s.name for s in services if s.may_be_nginx} | {s.settings.gateway for s in services}
    return frozenset(filter(None, told)) & project.services.keys() or frozenset(project.services)


def sounds_like_nginx(replica: Replica) -> bool:
    """Whether its service or its image is called so."""
    return "nginx" in replica.service or "nginx" in replica.image_ref


def is_told_nginx(replica: Replica) -> bool:
    """Whether its first process was started as one."""
    return any(PurePosixPath(word).name == "nginx" for word in replica.command)
