"""How many replicas a service should have, and which outdated ones go first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from composeroll.model import ContainerState, Replica
from composeroll.rollout.observing.observed import ServiceState
from composeroll.rollout.planning.outgoing import Reasons


def replicas_wanted(state: ServiceState, reasons: Reasons, settled: int = 0) -> int:
    """Return how many replicas should run in the end: the greater of what works and the file's.

    After interrupted rollouts, old and new replicas, and those of a broken image, run side by
    side. Replicas made from different images or definitions are therefore not added up, except
    up to the number that one nginx names, or that the last rollout left. A replica that the
    engine keeps restarting counts with those made from the same image and definition.

    Args:
        state: the service as it was observed.
        reasons: the outgoing replicas of this service and others.
        settled: how many the last successful rollout left, 0 if unknown.
    """
    if state.service.has_container_name:
        return 1
    serving = Counter((_made_from(r), r.id in reasons) for r in state.serving)
    idle = [r for r in state.replicas if _is_revived(r) and r not in state.serving]
    revived = Counter(map(_made_from, idle))
    declared = state.service.scale
    return max(
        1 if declared is None else declared,
        state.named_at_once,
        min(max(_named_at_most(state), settled), len(state.serving) + len(idle)),
        *revived.values(),
        *(many + revived[made_from] for (made_from, _), many in serving.items()),
    )


def is_mixed(state: ServiceState, reasons: Reasons) -> bool:
    """Return whether its replicas do not all count together: see `replicas_wanted`."""
    return len({(_made_from(r), r.id in reasons) for r in state.replicas}) > 1


def next_batch(
    state: ServiceState, outdated: Sequence[Replica], wanted: int
) -> tuple[Replica, ...]:
    """Return the outdated replicas that go in the next batch.

    If there are more outdated replicas than wanted, interrupted rollouts left them, and which of
    them work is unknown: all go, except with stop-first in batches, where the others serve in the
    meantime. Replicas that do not run always go: nginx cannot send them requests.
    """
    size, surplus = state.service.settings.batch.of(wanted), max(0, len(outdated) - wanted)
    if surplus and not (state.stops_first and size < wanted):
        return tuple(_by_urgency(state, outdated))
    down = sum(not replica.running for replica in outdated)
    return tuple(_by_urgency(state, outdated)[: max(down, size + surplus)])


def _by_urgency(state: ServiceState, outdated: Sequence[Replica]) -> list[Replica]:
    """Sort: first what does not run, then what gets no requests, then by number."""
    serving = state.chosen
    return sorted(outdated, key=lambda r: (r.running, r in serving, r.number))


def _named_at_most(state: ServiceState) -> int:
    """Return the greatest number of replica addresses that any one nginx has."""
    each = state.wiring.each if state.wiring else ()
    return max((len(upstream.addresses) for upstream in each), default=0)


def _made_from(replica: Replica) -> tuple[str, str]:
    return replica.image, replica.config_hash


def _is_revived(replica: Replica) -> bool:
    """Return whether the engine keeps restarting it: it should serve, but does not."""
    return replica.state is ContainerState.RESTARTING
