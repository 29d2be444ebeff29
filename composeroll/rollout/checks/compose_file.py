"""What in a service's part of the compose file has no effect, or hurts. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.config.project import Project
from composeroll.model import Finding, Locate, Severity
from composeroll.rollout.observing.observed import ServiceState


def compose_file_findings(
    project: Project, state: ServiceState, locate: Locate
) -> tuple[Finding, ...]:
    """Return what may cause trouble; nothing here forbids a rollout."""
    return (
        *_linked(project, state, locate),
        *_mounted_by_nginx(project, state, locate),
        *_mode(state, locate),
        *_unheeded(state, locate),
        *_grace(state, locate),
        *_only_built(state),
    )


def _linked(project: Project, state: ServiceState, locate: Locate) -> Iterator[Finding]:
    for service in project.services.values():
        if state.name in service.links and service.name != state.name:
            where = locate(["services", service.name, "links"])
            yield Finding(
                Severity.WARNING,
                f"{service.name} links to {state.name}: by that name it keeps seeing the containers"
                " that ran when it started, and none that replace them",
                f"remove the link ({where}): on a common network names work without it",
            )


def _mounted_by_nginx(project: Project, state: ServiceState, locate: Locate) -> Iterator[Finding]:
    """Warn of nginx using `volumes_from`: the source's container ID is in nginx's config hash.

    A rollout of the source therefore makes nginx outdated.

    Recreating an nginx with a published port lost 900 to 950 requests at 430 a second.
    """
    gateway = state.wiring.route.gateway if state.wiring else ""
    for name in project.sharing_volumes_of(state.name):
        if name == gateway or project.services[name].may_be_nginx:
            where = locate(["services", name, "volumes_from"])
            yield Finding(
                Severity.WARNING,
                f"{name} mounts the volumes of {state.name}: after a rollout of it the next plain"
                f" `docker compose up -d` recreates {name}, which then refuses connections for a"
                " while and loses an include in its own filesystem",
                f"give both a named volume instead of volumes_from: {state.name} ({where})",
            )


def _mode(state: ServiceState, locate: Locate) -> Iterator[Finding]:
    if state.service.mode.startswith("global"):
        where = locate(["services", state.name, "deploy", "mode"])
        yield Finding(
            Severity.WARNING,
            f"compose ignores the deploy.mode of {state.name}: it runs one replica",
            f"write deploy.replicas instead ({where})",
        )


def _unheeded(state: ServiceState, locate: Locate) -> Iterator[Finding]:
    for key in state.service.unheeded:
        where = locate(["services", state.name, "deploy", "update_config", key])
        yield Finding(
            Severity.NOTE,
            f"composeroll ignores deploy.update_config.{key} of {state.name}: it always rolls back"
            " what fails, and starts a batch when the one before it has drained",
            f"remove it ({where}); x-composeroll has monitor and max_errors",
        )


def _grace(state: ServiceState, locate: Locate) -> Iterator[Finding]:
    if state.service.grace == 0:
        where = locate(["services", state.name, "stop_grace_period"])
        yield Finding(
            Severity.WARNING,
            f"{state.name} is killed with no time to finish what outlasts the drain",
            f"remove stop_grace_period: 0s ({where}); docker's default is 10s",
        )


def _only_built(state: ServiceState) -> Iterator[Finding]:
    if state.service.builds and not state.service.image:
        yield Finding(
            Severity.NOTE,
            f"{state.name} has no image to pull: an update uses what was built last",
            f"before an update: `docker compose build {state.name}`",
        )
