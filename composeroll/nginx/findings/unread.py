"""Findings about what is unknown if a part of nginx's configuration could not be read. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from composeroll.model import Finding, Severity
from composeroll.nginx.configuration.configuration import Configuration

_OTHERWISE = "write that part differently (Lua in a separate file, by `…_by_lua_file`)"


def hidden_place(configuration: Configuration, gateway: str, service: str) -> Iterator[Finding]:
    """Yield refusals for a service without a place in nginx.

    An upstream in the part that was not read would keep naming old replicas.

    Args:
        configuration: the gateway's configuration.
        gateway: the service that this nginx runs in.
        service: the service that nothing in the part that was read leads to.
    """
    for reason in configuration.unread:
        yield Finding(
            Severity.REFUSAL,
            f"whether nginx in {gateway} sends requests to {service} is not known, since a part of"
            f" its configuration could not be read: {reason}",
            f"{_OTHERWISE}; if it sends none, set services.{service}.x-composeroll.gateway: none",
        )


def hidden_ways(configuration: Configuration, gateway: str, service: str) -> Iterator[Finding]:
    """Yield warnings for a service with a place: it may have another, which is not rewritten."""
    for reason in configuration.unread:
        yield Finding(
            Severity.WARNING,
            f"whether nginx in {gateway} sends requests to {service} in another way too is not"
            f" known, since a part of its configuration could not be read: {reason}",
            _OTHERWISE,
        )


def hidden_backends(configuration: Configuration, gateway: str) -> Iterator[Finding]:
    """Yield refusals for a gateway: a new one would not get the upstreams in the unread part."""
    for reason in configuration.unread:
        yield Finding(
            Severity.REFUSAL,
            f"which services are behind {gateway} is not known, since a part of its"
            f" configuration could not be read: {reason}",
            f"{_OTHERWISE}; or accept a gap with --order stop-first",
        )
