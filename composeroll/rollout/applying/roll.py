"""Every rollout once it is decided: apply, observe again, until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from composeroll.errors import (
    ComposerollError,
    Interrupted,
    Locked,
    LockLost,
    UndoFailed,
    Unfinished,
)
from composeroll.report.events import Outcome, Phase
from composeroll.rollout.applying.again import look_again
from composeroll.rollout.applying.announce import names, phase, show_rollout
from composeroll.rollout.applying.apply import AGAIN, apply, now_serving, show_nothing
from composeroll.rollout.applying.no_return import past_no_return, unfinished
from composeroll.rollout.applying.recorded import Entry, recorded
from composeroll.rollout.applying.showing import showing
from composeroll.rollout.checks.draining import in_the_way
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.observing.doubted import doubted
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.outgoing import Reasons
from composeroll.rollout.planning.plan import Plan, plan_rollout
from composeroll.rollout.stack import Stack

NOT_RIGHT = "the rollout went through, but not everything is as it should be"
VERIFYING = "check that nothing is left to do"
EARLIER = "the new replicas of earlier batches serve, next to the old ones that are left"

Residue = Callable[[Observed], Reasons]
"""Returns the replicas that still have to go, by the last observation: none, if all is well."""


def roll(stack: Stack, observed: Observed, intent: Intent, residue: Residue) -> Outcome:
    """Replace the outgoing replicas, a batch at a time, then verify that nothing is left to do.

    Args:
        stack: the project and the rooms that work on it.
        observed: the observation on which the rollout was decided.
        intent: the outgoing replicas, and how many replicas there should be.
        residue: applied to the last observation; if it returns any replica, work is left.

    Raises:
        Refused: compose would replace replicas that still drain from an earlier rollout.
        RolledBack: a batch failed before its point of no return, and was undone.
        Unfinished: a step past the point of no return failed, or work is left at the end.
    """
    if intent.broke_off:
        observed = doubted(observed, _before(observed, intent), intent.outgoing)
    leaving = observed.still_there(intent.outgoing)
    plan = plan_rollout(observed, leaving, intent.wanted)
    if refusal := in_the_way(stack.world, observed, plan):
        raise refusal
    show_rollout(stack, observed, plan)
    if plan.empty:
        return Outcome.UP_TO_DATE
    with recorded(stack, observed, plan, intent.wanted) as entry:
        return _apply_all(stack, observed, plan, intent, residue, entry)


def _before(observed: Observed, intent: Intent) -> Mapping[str, Collection[str]]:
    """Return the containers from before a rollout that broke off.

    Empty once it had begun to retire the outgoing ones: then its new replicas stay.
    """
    return intent.before if intent.outgoing.keys() <= observed.at_work() else {}


def _apply_all(
    stack: Stack,
    observed: Observed,
    plan: Plan,
    intent: Intent,
    residue: Residue,
    entry: Entry,
) -> Outcome:
    leaving = observed.still_there(intent.outgoing)
    while True:
        _apply(stack, observed, plan, intent)
        entry.serving = serving = now_serving(plan.steps)
        with past_no_return(serving), phase(stack, Phase.VERIFY, VERIFYING):
            observed = look_again(stack, observed).after(observed)
            before, leaving = leaving, observed.still_there(leaving)
            plan = plan_rollout(observed, leaving or residue(observed), intent.wanted)
            if plan.empty:
                return Outcome.UPDATED
            if len(leaving) in {0, len(before)}:
                raise Unfinished(NOT_RIGHT, serving, AGAIN, tuple(str(plan).splitlines()))


def _apply(stack: Stack, observed: Observed, plan: Plan, intent: Intent) -> None:
    """Apply one batch. A signal after its last step counts as past the point of no return."""
    services = [state.service for state in observed.services]
    leaving, done = observed.still_there(intent.outgoing), False
    try:
        with _resumable(observed, intent), phase(stack, Phase.APPLY, f"update {names(services)}"):
            show = showing(stack.world, observed, leaving) if stack.shows_replicas else show_nothing
            apply(plan, stack.world, show)
            done = True
    except Interrupted as signal:
        if not done:
            raise
        raise unfinished(signal, now_serving(plan.steps)) from signal


@contextmanager
def _resumable(observed: Observed, intent: Intent) -> Iterator[None]:
    """Mark a failure as half-done if undoing this batch does not restore what was there before.

    That is so after earlier batches, which stay, and if replicas that crash in a loop were removed.
    The notes in the lock are then kept for the next run.
    """
    try:
        yield
    except ComposerollError as failure:
        if len(observed.still_there(intent.outgoing)) < len(intent.outgoing):
            _add_earlier_batches(failure)
        failure.half_done |= any(state.revived for state in observed.services)
        raise


def _add_earlier_batches(failure: ComposerollError) -> None:
    """Say that earlier batches serve, in place of "everything was undone"."""
    if not isinstance(failure, (Locked, LockLost, Unfinished, UndoFailed)):
        failure.serving, failure.help = EARLIER, failure.help or AGAIN
    failure.half_done = True
