"""What `check` adds to a rollout's own findings: nothing here forbids one, and all of it bites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from composeroll.config.project import Project
from composeroll.engine.inspection import is_left_by_recreate
from composeroll.model import Finding, Health, Protocol, Replica, Severity
from composeroll.rollout.file_traps import file_traps
from composeroll.rollout.limits import limits
from composeroll.rollout.observed import Observed, ServiceState
from composeroll.rollout.preflight import Locate


def traps(
    project: Project, observed: Observed, everyone: Sequence[Replica], locate: Locate
) -> tuple[Finding, ...]:
    """What bites at a rollout, or beside one, by service.

    Args:
        project: the compose model.
        observed: the services that are checked.
        everyone: the project's containers, of all services.
        locate: where the file says so.
    """
    found: list[Finding] = []
    for state in observed.services:
        found += _unproven(state)
        found += _strangers(state, everyone)
        found += _numbers(state)
        found += _unhealthy_dependencies(state, everyone)
        found += file_traps(project, state, locate)
        found += limits(state, locate)
    return tuple(found)


def _unproven(state: ServiceState) -> Iterator[Finding]:
    """docker-orchestrate #55: an application that listens before it works."""
    asked = state.service.settings.ready.path or any(r.healthcheck for r in state.replicas)
    if not state.wiring or asked or state.wiring.route.protocol is Protocol.GRPC:
        return
    yield Finding(
        Severity.NOTE,
        f"nothing but its port proves {state.name} ready, so each update waits 3s to see whether"
        " it stays up",
        f"give it a healthcheck, or services.{state.name}.x-composeroll.ready.path: /…",
    )


def _strangers(state: ServiceState, everyone: Sequence[Replica]) -> Iterator[Finding]:
    """An address goes to the next container as soon as its own has stopped."""
    if not state.wiring:
        return
    named = {address.rpartition(":")[0].strip("[]") for address in state.wiring.upstream.addresses}
    for other in everyone:
        hosts = {host for place in other.networks for host in (place.ipv4, place.ipv6) if host}
        if other.running and other.service != state.name and hosts & named:
            yield Finding(
                Severity.WARNING,
                f"upstream {state.wiring.upstream.name} sends requests for {state.name} to"
                f" {other.name}, which has that address now",
                f"composeroll sync {state.name}",
            )


def _numbers(state: ServiceState) -> Iterator[Finding]:
    """Both are left where compose was killed while it recreated a container."""
    for replica in state.replicas:
        if is_left_by_recreate(replica.name):
            yield Finding(
                Severity.WARNING,
                f"{replica.name} bears the name that compose gives while it recreates a container:"
                " it was interrupted",
                f"composeroll update {state.name} clears it away",
            )
    for number, count in Counter(r.number for r in state.replicas).items():
        if count > 1:
            yield Finding(
                Severity.WARNING,
                f"{count} containers of {state.name} have the number {number}: compose counts them"
                " as one",
                f"composeroll update --force {state.name} numbers them anew",
            )


def _unhealthy_dependencies(state: ServiceState, everyone: Sequence[Replica]) -> Iterator[Finding]:
    """A rollout touches no other service, so compose does not wait for them (`--no-deps`)."""
    for name in state.service.healthy_first:
        running = [r for r in everyone if r.service == name and r.running]
        if not any(r.health is Health.HEALTHY for r in running):
            yield Finding(
                Severity.WARNING,
                f"{state.name} wants {name} to be healthy first, and it"
                f" {'is not' if running else 'does not run'}",
                f"docker compose up -d --no-deps --wait {name}",
            )
