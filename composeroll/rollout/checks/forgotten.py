"""Services that nginx knew at their last rollout, and that no running nginx knows now. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from composeroll.config.settings import NO_GATEWAY
from composeroll.model import Finding, Severity
from composeroll.rollout.observed import Observed, ServiceState


def forgotten(observed: Observed, gateway_of: Callable[[str], str]) -> Iterator[Finding]:
    """What a gateway that is down has left: new replicas would get no requests.

    Args:
        observed: the snapshot.
        gateway_of: whose nginx sent a service requests at its last rollout, empty where none did;
            asked only where no nginx speaks to it now.
    """
    for state in filter(_is_unknown, observed.services):
        if gateway := gateway_of(state.name):
            yield _finding(state.name, gateway)


def _is_unknown(state: ServiceState) -> bool:
    left = state.service.settings.gateway == NO_GATEWAY
    return not (state.wiring or state.refusal or state.front or left)


def _finding(service: str, gateway: str) -> Finding:
    return Finding(
        Severity.REFUSAL,
        f"{service} was in the nginx of {gateway} at its last rollout, and no running nginx knows"
        " it now",
        f"`docker compose up -d {gateway}`, and see in its logs that nginx stays up; or, where no"
        f" nginx is to speak to {service} any more,"
        f" services.{service}.x-composeroll.gateway: {NO_GATEWAY}",
    )
