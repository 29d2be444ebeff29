"""`scale SERVICE=N`: new replicas are proven before use, others drained before they go."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from composeroll.errors import UsageError
from composeroll.report.events import Outcome, Warned
from composeroll.report.wording import count_text
from composeroll.rollout.applying.prepare import intent_of, look, pass_preflight
from composeroll.rollout.applying.roll import roll
from composeroll.rollout.behind import behind
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.outgoing import SCALED, Reasons
from composeroll.rollout.stack import Stack
from composeroll.rollout.sync.rejoin import rejoin


def scale(stack: Stack, counts: Mapping[str, int], lock_wait: float = 0.0) -> Outcome:
    """Run exactly the given number of replicas of each service.

    Raises:
        UsageError: a count below 1, for a service that gets requests, or a gateway.
        ComposerollError: as with an update.
    """
    services = stack.project.to_roll(list(counts))
    rejoin(stack, lock_wait)
    with stack.locks.hold(list(counts), lock_wait, behind(stack, list(counts))) as left:
        observed = look(stack, services)
        leaving = surplus(observed, counts, left.outgoing)
        pass_preflight(stack, observed, leaving, counts)
        _require_one(observed, counts)
        _tell_outdated(stack, observed)
        intent = stack.locks.record_intent(intent_of(observed, leaving, counts), overrule=True)
        return roll(stack, observed, intent, residue=_nothing_else)


def surplus(
    observed: Observed, counts: Mapping[str, int], leaving: Collection[str] = ()
) -> Reasons:
    """Return the replicas beyond the count: outdated ones first, then the highest numbers.

    Args:
        observed: the snapshot.
        counts: how many replicas each service is to have.
        leaving: full IDs of replicas that a broken rollout was to remove; they always go.
    """
    reasons: dict[str, str] = {}
    for state in observed.services:
        wanted = counts[state.name]
        staying = (r for r in state.serving if r.id not in leaving)
        kept_first = sorted(staying, key=lambda r: (r.id in state.outdated, r.number))
        reasons |= {r.id: f"{SCALED}{wanted}" for r in kept_first[wanted:]}
    return reasons


def _nothing_else(observed: Observed) -> Reasons:
    """Return no replicas: outdated ones stay, since replacing them is what `update` does."""
    del observed
    return {}


def _require_one(observed: Observed, counts: Mapping[str, int]) -> None:
    for state in observed.services:
        if (state.wiring or state.front) and not counts[state.name]:
            needs = "requests need a gateway" if state.front else "an nginx upstream needs a server"
            raise UsageError(
                f"{state.name} cannot be scaled to 0: {needs}",
                help=f"`docker compose stop {state.name}` stops it",
            )


def _tell_outdated(stack: Stack, observed: Observed) -> None:
    for state in observed.services:
        if many := len(state.outdated):
            stay = (
                "is outdated and stays outdated" if many == 1 else "are outdated and stay outdated"
            )
            stack.world.emit(
                Warned(
                    f"{count_text(many, 'replica')} of {state.name} {stay};"
                    f" new ones are not: `composeroll update {state.name}`"
                )
            )
