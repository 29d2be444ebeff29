"""Why a service has no one place: two gateways, or a gateway behind another. Pure."""

from __future__ import annotations

from collections.abc import Collection

from composeroll.config.settings import NO_GATEWAY
from composeroll.errors import Refused


def two_gateways(service: str, gateways: Collection[str]) -> Refused:
    """Several send it requests: nobody says which of them is to be told."""
    first, second, *_ = gateways
    key = f"services.{service}.x-composeroll.gateway: {first}"
    return Refused(
        f"{' and '.join(gateways)} both send requests to {service}",
        "nothing was touched",
        f"{pass_on(second, service, first)}; then {key}",
    )


def in_between(service: str, outer: str, behind: Collection[str]) -> Refused:
    """A new one would have to be handed the upstreams, and be switched to as well."""
    others = " and ".join(behind)
    return Refused(
        f"{service} stands behind {outer}, and in front of {others}",
        "nothing was touched",
        f"let {outer} send requests to {others} itself; or, for {service} to be a gateway alone,"
        f" services.{service}.x-composeroll.gateway: {NO_GATEWAY}",
    )


def pass_on(other: str, service: str, gateway: str) -> str:
    """What leaves one gateway in front of a service."""
    return f"let {other} pass requests for {service} on to {gateway}"
