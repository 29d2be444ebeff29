"""Which replicas a rollout that was cut off has left half-made. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from composeroll.model import Replica
from composeroll.rollout.observing.observed import Observed, ServiceState


def doubted(
    observed: Observed, before: Mapping[str, Collection[str]], outgoing: Collection[str]
) -> Observed:
    """Return the observation with its half-made and its stopped replicas marked.

    The services are marked as doubtful too: the rollout may have been cut off between writing the
    include and reloading nginx, so nginx may still use another text than its file has.

    Args:
        observed: the observation after the rollout that was cut off.
        before: full IDs of the containers that each service had before it, as far as known.
        outgoing: full IDs of the replicas that it was to replace.
    """
    states = tuple(_state(state, before, outgoing) for state in observed.services)
    return replace(observed, services=states)


def _state(
    state: ServiceState, before: Mapping[str, Collection[str]], outgoing: Collection[str]
) -> ServiceState:
    down = {r.id for r in state.replicas if r.id in outgoing and not r.running}
    state = replace(state, stopped=frozenset(down if state.stops_first else ()))
    old = before.get(state.name)
    chosen = _chosen(state)
    running = [r for r in state.serving if r.running]
    made = {r.id for r in running if r not in chosen and r.id not in old} if old else set()
    # If no other replica runs, and none that was stopped could, then the new ones serve.
    alone = len(made) == len(running) and not state.stopped
    return replace(state, doubtful=True, half_made=frozenset() if alone else frozenset(made))


def _chosen(state: ServiceState) -> tuple[Replica, ...]:
    """Return the replicas that the upstream names on purpose.

    None if it holds a name, as after nginx was recreated: a name means every replica. And if
    replicas were stopped, an address alone proves nothing, since docker gives freed addresses to
    the next container: then the comment, which has the ID, must name the replica too.
    """
    upstream = state.wiring.upstream if state.wiring else None
    if upstream is None or upstream.names:
        return ()
    comments = " ".join(server.comment for server in upstream.servers)
    named = state.named_in_upstream
    return tuple(r for r in named if r.short_id in comments) if state.stopped else named
