"""How many replicas a service is to have, and which of its outdated ones go first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from composeroll.model import ContainerState, Replica
from composeroll.rollout.observed import ServiceState
from composeroll.rollout.planning.outgoing import Reasons


def replicas_wanted(state: ServiceState, reasons: Reasons, settled: int = 0) -> int:
    """How many replicas are to run in the end: as many as do their work now, or as the file says.

    Old and new ones, and those of a broken image between them, run side by side where rollouts
    broke off, so what was made from different images or definitions is not added up; but as many
    as nginx was told of at one time, or as the last rollout has left, count together as far as
    there are so many. What the engine starts again and again belongs to those it was made with.

    Args:
        state: the service as it was observed.
        reasons: the outgoing replicas, of this service and others.
        settled: how many the last rollout that ended well has left, 0 where that is not known.
    """
    if state.service.has_own_name:
        return 1
    serving = Counter((_made_from(r), r.id in reasons) for r in state.serving)
    idle = [r for r in state.replicas if _is_revived(r) and r not in state.serving]
    revived = Counter(map(_made_from, idle))
    declared = state.service.scale
    return max(
        1 if declared is None else declared,
        state.named_at_once,
        min(max(_told(state), settled), len(state.serving) + len(idle)),
        *revived.values(),
        *(many + revived[made_from] for (made_from, _), many in serving.items()),
    )


def is_mixed(state: ServiceState, reasons: Reasons) -> bool:
    """Whether not all of its replicas count together: see `replicas_wanted`."""
    return len({(_made_from(r), r.id in reasons) for r in state.replicas}) > 1


def next_batch(
    state: ServiceState, outdated: Sequence[Replica], wanted: int
) -> tuple[Replica, ...]:
    """Those of the outdated that go now.

    More than are wanted were left by broken rollouts; nobody knows which of them work, so they all
    go, unless those that stop first have others to serve meanwhile. What does not run goes in any
    case: nothing can be pointed at it.
    """
    size, surplus = state.service.settings.batch.of(wanted), max(0, len(outdated) - wanted)
    if surplus and not (state.stops_first and size < wanted):
        return tuple(_by_urgency(state, outdated))
    down = sum(not replica.running for replica in outdated)
    return tuple(_by_urgency(state, outdated)[: max(down, size + surplus)])


def _by_urgency(state: ServiceState, outdated: Sequence[Replica]) -> list[Replica]:
    """What does not run first, then what gets no requests anyway, then by number."""
    serving = state.chosen
    return sorted(outdated, key=lambda r: (r.running, r in serving, r.number))


def _told(state: ServiceState) -> int:
    """How many replicas one nginx was told of by their addresses."""
    each = state.wiring.each if state.wiring else ()
    return max((len(upstream.addresses) for upstream in each), default=0)


def _made_from(replica: Replica) -> tuple[str, str]:
    return replica.image, replica.config_hash


def _is_revived(replica: Replica) -> bool:
    """Whether the engine starts it again and again: it does no work, but is meant to."""
    return replica.state is ContainerState.RESTARTING
