"""Other services that the replacement of a service affects. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Severity
from composeroll.rollout.observing.observed import ServiceState


def volume_user_findings(state: ServiceState) -> Iterator[Finding]:
    """Warn of running services outside the rollout that mount this service's volumes."""
    for other in state.unlisted:
        yield Finding(
            Severity.WARNING,
            f"{other} mounts the volumes of {state.name} and keeps seeing the old ones, which stay",
            f"let {other} mount no volumes of {state.name}; or, after the rollout and with a gap in"
            f" {other}: `docker compose up -d --no-deps {other}`",
        )


def namespace_guest_findings(state: ServiceState) -> Iterator[Finding]:
    """Warn of services in its namespaces: when a PID namespace ends, the kernel kills all in it."""
    for guest in state.guests:
        yield Finding(
            Severity.WARNING,
            f"{guest} shares the `pid` or `ipc` namespace of {state.name}, which goes when"
            f" {state.name} is replaced: with `pid` that kills {guest}",
            f"after the rollout: `docker compose up -d --no-deps {guest}`",
        )
