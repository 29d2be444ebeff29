"""Why a service has no single place: two gateways, or a gateway behind another. Pure."""

from __future__ import annotations

from collections.abc import Collection

from composeroll.config.settings import NO_GATEWAY
from composeroll.errors import Refused


def two_gateways(service: str, gateways: Collection[str]) -> Refused:
    """Return the refusal for a service that several gateways send requests to."""
    first, second, *_ = gateways
    key = f"services.{service}.x-composeroll.gateway: {first}"
    return Refused(
        f"{' and '.join(gateways)} both send requests to {service}",
        "nothing was touched",
        f"{pass_on(second, service, first)}; then {key}",
    )


def in_between(service: str, outer: str, behind: Collection[str]) -> Refused:
    """Return the refusal for a gateway behind another gateway.

    A new container would need both: the upstreams of the old one, and a switch in the outer one.
    """
    others = " and ".join(behind)
    return Refused(
        f"{service} stands behind {outer}, and in front of {others}",
        "nothing was touched",
        f"let {outer} send requests to {others} itself; or, if {service} is only a gateway,"
        f" services.{service}.x-composeroll.gateway: {NO_GATEWAY}",
    )


def pass_on(other: str, service: str, gateway: str) -> str:
    """Return the advice that leaves one gateway in front of a service."""
    return f"let {other} pass requests for {service} on to {gateway}"
