"""What `check` adds to a rollout's own findings: possible trouble that does not forbid one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from composeroll.config.project import Project
from composeroll.model import Finding, Health, Locate, Protocol, Replica, Severity
from composeroll.rollout.checks.compose_file import compose_file_findings
from composeroll.rollout.checks.limits import next_limit_findings
from composeroll.rollout.checks.remnants import remnant_findings
from composeroll.rollout.checks.zone import zone_findings
from composeroll.rollout.observing.observed import Observed, ServiceState


def trap_findings(
    project: Project,
    observed: Observed,
    everyone: Sequence[Replica],
    locate: Locate,
    leaving: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Return what may cause trouble in a rollout, or apart from one, by service.

    Args:
        project: the compose model.
        observed: the services to check.
        everyone: all containers of the project.
        locate: returns where a key is in the compose file.
        leaving: full IDs of the replicas that have to go anyway.
    """
    found: list[Finding] = []
    for state in observed.services:
        own = [
            *_unproven(state),
            *remnant_findings(state, everyone),
            *_unhealthy_dependencies(state, everyone),
            *compose_file_findings(project, state, locate),
            *next_limit_findings(observed.project, state, leaving, locate),
            *zone_findings(state),
        ]
        found += (finding.about(state.name) for finding in own)
    return tuple(found)


def _unproven(state: ServiceState) -> Iterator[Finding]:
    """Note a service proved by its port alone: an application may listen before it works.

    See docker-orchestrate #55.
    """
    asked = state.service.settings.ready.path or any(r.healthcheck for r in state.replicas)
    if not state.wiring or asked:
        return
    route, advice = state.wiring.route, "give it a healthcheck"
    if route.protocol is Protocol.GRPC and not route.tls:
        return
    if route.protocol in (Protocol.HTTP, Protocol.FASTCGI):
        advice += f", or services.{state.name}.x-composeroll.ready.path: /…"
    proof = "only its open port proves"
    if route.protocol is Protocol.UDP:
        proof = "over UDP nothing proves"
    yield Finding(
        Severity.NOTE,
        f"{proof} {state.name} ready, so each update waits 3s to see whether it stays up",
        advice,
    )


def _unhealthy_dependencies(state: ServiceState, everyone: Sequence[Replica]) -> Iterator[Finding]:
    """Warn of unhealthy dependencies: compose does not wait for them here (`--no-deps`)."""
    for name in state.service.healthy_first:
        running = [r for r in everyone if r.service == name and r.running]
        if not any(r.health is Health.HEALTHY for r in running):
            yield Finding(
                Severity.WARNING,
                f"{state.name} needs {name} to be healthy first, and it"
                f" {'is not' if running else 'does not run'}",
                f"`docker compose up -d --no-deps --wait {name}`",
            )
