"""Services that nginx sent requests to at their last rollout, and no running nginx does. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from composeroll.config.settings import NO_GATEWAY
from composeroll.model import Finding, Severity
from composeroll.rollout.observing.observed import Observed, ServiceState


def stopped_gateway_findings(
    observed: Observed, gateway_of: Callable[[str], str]
) -> Iterator[Finding]:
    """Refuse services whose gateway is down: their new replicas would get no requests.

    Args:
        observed: the snapshot.
        gateway_of: returns the gateway of a service at its last rollout, empty if it had none;
            called only for services without a place in a running nginx.
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
        f"{service} was behind the nginx of {gateway} at its last rollout, and no running nginx"
        " knows it now",
        f"`docker compose up -d {gateway}`, and check in its logs that nginx stays up; or, if no"
        f" nginx should send requests to {service} any more,"
        f" services.{service}.x-composeroll.gateway: {NO_GATEWAY}",
    )
