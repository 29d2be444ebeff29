"""Every rollout once it is decided: apply, observe again, until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from msgspec import Struct

from composeroll.config.project import Service
from composeroll.errors import (
    ComposerollError,
    Interrupted,
    Locked,
    LockLost,
    UndoFailed,
    Unfinished,
)
from composeroll.model import Severity
from composeroll.report.events import (
    Noted,
    Outcome,
    Phase,
    PhaseEnded,
    PhaseStarted,
    Planned,
    Warned,
)
from composeroll.rollout.again import look_again
from composeroll.rollout.apply import AGAIN, apply, now_serving, show_nothing, what_of
from composeroll.rollout.checks.blanks import blanks
from composeroll.rollout.checks.draining import in_the_way
from composeroll.rollout.checks.forgotten import forgotten
from composeroll.rollout.checks.preflight import NOT_SCALED, findings, refuse
from composeroll.rollout.doubted import doubted
from composeroll.rollout.history.revision import Result
from composeroll.rollout.lock.note import Memory
from composeroll.rollout.observe import observe
from composeroll.rollout.observed import Observed
from composeroll.rollout.planning.outgoing import Reasons
from composeroll.rollout.planning.plan import Plan, plan_rollout
from composeroll.rollout.showing import showing
from composeroll.rollout.stack import Stack
from composeroll.rollout.unrouted import unrouted

NOT_RIGHT = "the rollout went through, but not everything is as it should be"
VERIFYING = "check that nothing is left to do"
EARLIER = "the new replicas of earlier batches serve, next to the old ones that are left"

Residue = Callable[[Observed], Reasons]
"""Returns the replicas that still have to go, by the last observation: none, if all is well."""


def roll(stack: Stack, observed: Observed, memory: Memory, residue: Residue) -> Outcome:
    """Replace the outgoing replicas, a batch at a time, then verify that nothing is left to do.

    Args:
        stack: the project and the rooms that work on it.
        observed: the observation on which the rollout was decided.
        memory: the outgoing replicas, and how many replicas there should be.
        residue: applied to the last observation; if it returns any replica, work is left.

    Raises:
        Refused: compose would replace replicas that still drain from an earlier rollout.
        RolledBack: a batch failed before its point of no return, and was undone.
        Unfinished: a step past the point of no return failed, or work is left at the end.
    """
    if memory.broke_off:
        observed = doubted(observed, _before(observed, memory), memory.outgoing)
    leaving = observed.still_there(memory.outgoing)
    plan = plan_rollout(observed, leaving, memory.wanted)
    if refusal := in_the_way(stack.world, observed, plan):
        raise refusal
    show_rollout(stack, observed, plan)
    if plan.empty:
        return Outcome.UP_TO_DATE
    with _recorded(stack, observed, plan, memory.wanted) as entry:
        return _apply_all(stack, observed, plan, memory, residue, entry)


def memory_of(observed: Observed, outgoing: Reasons, counts: Mapping[str, int]) -> Memory:
    """Return the notes that the next run needs if this one breaks off."""
    return Memory(outgoing, counts, before=observed.containers())


def _before(observed: Observed, memory: Memory) -> Mapping[str, Collection[str]]:
    """Return the containers from before a rollout that broke off.

    Empty once it had begun to retire the outgoing ones: then its new replicas stay.
    """
    return memory.before if memory.outgoing.keys() <= observed.at_work() else {}


class _Entry(Struct):
    """The entry that the history will get.

    Attributes:
        serving: what serves, as a sentence, once a batch of the new version does; empty before.
    """

    serving: str = ""


def _apply_all(
    stack: Stack,
    observed: Observed,
    plan: Plan,
    memory: Memory,
    residue: Residue,
    entry: _Entry,
) -> Outcome:
    leaving = observed.still_there(memory.outgoing)
    while True:
        _apply(stack, observed, plan, memory)
        entry.serving = serving = now_serving(plan.steps)
        with _past_no_return(serving), phase(stack, Phase.VERIFY, VERIFYING):
            observed = look_again(stack, observed).after(observed)
            before, leaving = leaving, observed.still_there(leaving)
            plan = plan_rollout(observed, leaving or residue(observed), memory.wanted)
            if plan.empty:
                return Outcome.UPDATED
            if len(leaving) in {0, len(before)}:
                raise Unfinished(NOT_RIGHT, serving, AGAIN, tuple(str(plan).splitlines()))


def _apply(stack: Stack, observed: Observed, plan: Plan, memory: Memory) -> None:
    """Apply one batch. A signal after its last step counts as past the point of no return."""
    services = [state.service for state in observed.services]
    leaving, done = observed.still_there(memory.outgoing), False
    try:
        with _resumable(observed, memory), phase(stack, Phase.APPLY, f"update {names(services)}"):
            show = showing(stack.world, observed, leaving) if stack.shows_replicas else show_nothing
            apply(plan, stack.world, show)
            done = True
    except Interrupted as signal:
        if not done:
            raise
        raise _unfinished(signal, now_serving(plan.steps)) from signal


def look(stack: Stack, services: Sequence[Service], *, preflight: bool = True) -> Observed:
    """Observe, as a phase; with `preflight` compose is asked what scaling up would break."""
    with phase(stack, Phase.OBSERVE, f"observe {names(services)}"):
        return observe(stack.project, services, stack.engine, stack.survey, preflight=preflight)


def pass_preflight(
    stack: Stack, observed: Observed, leaving: Reasons, counts: Mapping[str, int] = NOT_SCALED
) -> None:
    """Refuse what would fail, and warn of what will cause trouble; `check` adds notes.

    Args:
        stack: gets the warnings as events.
        observed: the observation.
        leaving: the outgoing replicas.
        counts: the number of replicas asked for, by service, if any was.

    Raises:
        Refused: with every refusal and what to do about it.
    """
    found = (
        *findings(observed, stack.locate, leaving, counts),
        *forgotten(observed, stack.book.gateway),
        *blanks(stack.project),
    )
    refuse(observed, found)
    for finding in (f for f in found if f.severity is Severity.WARNING):
        stack.world.emit(Warned(": ".join(filter(None, (finding.what, finding.help)))))


def show_rollout(stack: Stack, observed: Observed, plan: Plan) -> None:
    """Emit the plan of a rollout, and a note about services that no nginx sends requests to."""
    if note := unrouted(observed, plan):
        stack.world.emit(Noted(note))
    show_plan(stack, plan)


def show_plan(stack: Stack, plan: Plan) -> None:
    """Emit the plan, line by line as it will run."""
    reversible = tuple(step.line for step in plan.reversible)
    final = tuple(step.line for step in plan.final)
    stack.world.emit(Planned(str(plan), reversible, final))


@contextmanager
def phase(stack: Stack, which: Phase, title: str) -> Iterator[None]:
    """Emit the start and the end of a phase; one that fails stays open, so that CI unfolds it."""
    began = stack.world.clock.now()
    stack.world.emit(PhaseStarted(which, title))
    yield
    stack.world.emit(PhaseEnded(which, stack.world.clock.now() - began))


def names(services: Sequence[Service]) -> str:
    """Return the names as `php-fpm, websocket`."""
    return ", ".join(service.name for service in services)


@contextmanager
def _recorded(
    stack: Stack, observed: Observed, plan: Plan, counts: Mapping[str, int]
) -> Iterator[_Entry]:
    """Keep the current images, and record the end of the rollout in the history.

    A version that has served is recorded as such, however the rollout ended. A run that has lost
    its lock records nothing: the run that took it does.
    """
    entry = _Entry()
    began = stack.world.clock.now()
    for name in stack.book.keep_what_runs(observed.services):
        gone = (
            f"the image that {name} runs is no longer on the engine: no rollback can bring it back"
        )
        stack.world.emit(Warned(gone))

    def record(result: Result) -> None:
        seconds = stack.world.clock.now() - began
        with _only_warned(stack):
            stack.book.record(observed.services, result, seconds, counts, plan.brings)

    try:
        yield entry
    except (Locked, LockLost):
        raise
    except BaseException as failure:
        serves = entry.serving or isinstance(failure, Unfinished)
        with suppress(Interrupted):  # the run ends anyway, with the first failure
            record(Result.UPDATED if serves else Result.FAILED)
        raise
    with _past_no_return(entry.serving):
        record(Result.UPDATED)


@contextmanager
def _only_warned(stack: Stack) -> Iterator[None]:
    """Turn a failure to write the history into a warning: it must not fail the rollout."""
    try:
        yield
    except Interrupted:
        raise
    except ComposerollError as error:
        stack.world.emit(Warned(f"the history could not be written: {error.what}"))


@contextmanager
def _resumable(observed: Observed, memory: Memory) -> Iterator[None]:
    """Mark a failure as half-done if undoing this batch does not restore what was there before.

    That is so after earlier batches, which stay, and if replicas that crash in a loop were removed.
    The notes in the lock are then kept for the next run.
    """
    try:
        yield
    except ComposerollError as failure:
        if len(observed.still_there(memory.outgoing)) < len(memory.outgoing):
            _add_earlier_batches(failure)
        failure.half_done |= any(state.revived for state in observed.services)
        raise


def _add_earlier_batches(failure: ComposerollError) -> None:
    """Say that earlier batches serve, in place of "everything was undone"."""
    if not isinstance(failure, (Locked, LockLost, Unfinished, UndoFailed)):
        failure.serving, failure.help = EARLIER, failure.help or AGAIN
    failure.half_done = True


@contextmanager
def _past_no_return(serving: str) -> Iterator[None]:
    """Turn every failure past the point of no return into `Unfinished`.

    Args:
        serving: what serves by now.

    Raises:
        Unfinished: in place of any other error, and of a signal.
    """
    try:
        yield
    except Unfinished:
        raise
    except ComposerollError as failure:
        raise _unfinished(failure, serving) from failure
    except Exception as bug:
        raise Unfinished(what_of(bug), serving, AGAIN) from bug


def _unfinished(failure: ComposerollError, serving: str) -> Unfinished:
    return Unfinished(failure.what, serving, AGAIN, failure.evidence)
