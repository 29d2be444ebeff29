"""Remnants of earlier runs that are in the way: addresses in nginx, and numbers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from composeroll.engine.inspection import is_left_by_recreate
from composeroll.model import Finding, Replica, Severity, host_of_address
from composeroll.rollout.checks.drift import owners_of
from composeroll.rollout.observing.observed import ServiceState


def remnant_findings(state: ServiceState, everyone: Sequence[Replica]) -> tuple[Finding, ...]:
    """Return a warning for each; `everyone` is all containers of the project."""
    return (
        *_strangers(state, everyone),
        *_deserted(state, everyone),
        *_numbers(state),
    )


def _strangers(state: ServiceState, everyone: Sequence[Replica]) -> Iterator[Finding]:
    """Find addresses that another service has: docker gives a freed address to the next."""
    if not state.wiring:
        return
    named = set(map(host_of_address, state.wiring.upstream.addresses))
    for other in everyone:
        hosts = {host for place in other.networks for host in (place.ipv4, place.ipv6) if host}
        if other.running and other.service != state.name and hosts & named:
            yield Finding(
                Severity.WARNING,
                f"upstream {state.wiring.upstream.name} sends requests for {state.name} to"
                f" {other.name}, which has that address now",
                f"`composeroll sync {state.name}`",
            )


def _deserted(state: ServiceState, everyone: Sequence[Replica]) -> Iterator[Finding]:
    """Find addresses without a replica; another project's container may have one by now."""
    if not state.wiring:
        return
    owners, upstream = owners_of(everyone), state.wiring.upstream
    right = {state.address(replica) for replica in state.replicas}
    for server in upstream.servers:
        ours = server.comment and "down" not in server.parameters
        gone = server.address not in {*upstream.names, *right}
        if ours and gone and host_of_address(server.address) not in owners:
            yield Finding(
                Severity.WARNING,
                f"upstream {upstream.name} sends requests to {server.address}, where no replica of"
                f" {state.name} is: docker gives it to the next container of any project",
                f"`composeroll sync {state.name}`",
            )


def _numbers(state: ServiceState) -> Iterator[Finding]:
    """Find temporary names and double numbers, left by a compose killed while recreating."""
    for replica in state.replicas:
        if is_left_by_recreate(replica.name):
            yield Finding(
                Severity.WARNING,
                f"{replica.name} has the temporary name that compose gives while it recreates a"
                " container: compose was interrupted",
                f"`composeroll update {state.name}` removes it",
            )
    for number, count in Counter(r.number for r in state.replicas).items():
        if count > 1:
            yield Finding(
                Severity.WARNING,
                f"{count} containers of {state.name} have the number {number}: compose counts them"
                " as one",
                f"`composeroll update --force {state.name}` renumbers them",
            )
