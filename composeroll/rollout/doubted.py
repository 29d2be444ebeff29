"""What runs after a rollout that was cut off, and who of it was meant to serve. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from composeroll.model import Replica
from composeroll.rollout.observed import Observed, ServiceState


def doubted(
    observed: Observed, before: Mapping[str, Collection[str]], outgoing: Collection[str]
) -> Observed:
    """The same after a rollout that was cut off, perhaps between writing and reloading.

    Args:
        observed: what is seen now.
        before: full IDs of what each service had before that rollout, where it can be told.
        outgoing: full IDs of what that rollout was to replace.
    """
    states = tuple(_state(state, before, outgoing) for state in observed.services)
    return replace(observed, services=states)


def _state(
    state: ServiceState, before: Mapping[str, Collection[str]], outgoing: Collection[str]
) -> ServiceState:
    down = {r.id for r in state.replicas if r.id in outgoing and not r.running}
    state = replace(state, stopped=frozenset(down if state.stops_first else ()))
    old = before.get(state.name)
    chosen = _chosen_by(state)
    running = [r for r in state.serving if r.running]
    made = {r.id for r in running if r not in chosen and r.id not in old} if old else set()
    # then they are what serves, whoever chose them; what was stopped for them could serve again
    alone = len(made) == len(running) and not state.stopped
    return replace(state, doubtful=True, half_made=frozenset() if alone else frozenset(made))


def _chosen_by(state: ServiceState) -> tuple[Replica, ...]:
    """Whom somebody meant.

    A name, as nginx has it that was made anew meanwhile, means all without anybody's choice; and
    what was stopped leaves its address to whoever starts next.
    """
    upstream = state.wiring.upstream if state.wiring else None
    if upstream is None or upstream.names:
        return ()
    comments = " ".join(server.comment for server in upstream.servers)
    named = state.named_in_upstream
    return tuple(r for r in named if r.short_id in comments) if state.stopped else named
