"""Which services a command line means."""

from __future__ import annotations

from composeroll.config.project import Project
from composeroll.errors import UsageError


def services_of(project: Project, named: tuple[str, ...], *, everything: bool) -> tuple[str, ...]:
    """The services that are meant.

    Raises:
        UsageError: none was named; it lists those that could be.
    """
    if everything:
        return all_but_nginx(project)
    if not named:
        raise UsageError(
            "which service? name one or more, or say --all",
            help=f"services in this file: {', '.join(project.services)}",
        )
    return named


def all_but_nginx(project: Project) -> tuple[str, ...]:
    """Every service but the gateway, which has to be named to be touched."""
    gateways = {s.settings.gateway for s in project.services.values()}
    return tuple(
        service.name
        for service in project.services.values()
        if not service.may_be_nginx and service.name not in gateways
    )
