"""What every rollout goes through once it is decided: apply, look again, until nothing is left."""

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
from composeroll.rollout.apply import AGAIN, apply, now_serving, unseen, what_of
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
EARLIER = "what earlier batches brought serves, next to the old replicas that are left"

Residue = Callable[[Observed], Reasons]
"""What would still have to go once all that had to go has gone; it should be nothing."""


def roll(stack: Stack, observed: Observed, memory: Memory, residue: Residue) -> Outcome:
    """Replace what has to go, a batch at a time, and see in the end that nothing is left to do.

    Args:
        stack: what it is done to.
        observed: the snapshot that it was decided on.
        memory: what has to go, and how many replicas there are to be.
        residue: what the last look asks for.

    Raises:
        Refused: compose would replace what drains on from an earlier rollout.
        RolledBack: a batch failed before its line, and was taken back.
        Unfinished: something failed past the line, or what was done is to be done again.
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
    with _written_down(stack, observed, plan, memory.wanted) as entry:
        return _apply_all(stack, observed, plan, memory, residue, entry)


def memory_of(observed: Observed, outgoing: Reasons, counts: Mapping[str, int]) -> Memory:
    """What a run that breaks off is to leave to the next one."""
    return Memory(outgoing, counts, before=observed.containers())


def _before(observed: Observed, memory: Memory) -> Mapping[str, Collection[str]]:
    """What was there before a broken rollout; once it has begun to retire it, what is new stays."""
    return memory.before if memory.outgoing.keys() <= observed.at_work() else {}


class _Entry(Struct):
    """What is to be written into the history.

    Attributes:
        serving: what serves since a batch of the new version has come to serve, empty before.
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
        with _past_the_line(serving), phase(stack, Phase.VERIFY, "see that nothing is left to do"):
            observed = look_again(stack, observed).after(observed)
            before, leaving = leaving, observed.still_there(leaving)
            plan = plan_rollout(observed, leaving or residue(observed), memory.wanted)
            if plan.empty:
                return Outcome.UPDATED
            if len(leaving) in {0, len(before)}:
                raise Unfinished(NOT_RIGHT, serving, AGAIN, tuple(str(plan).splitlines()))


def _apply(stack: Stack, observed: Observed, plan: Plan, memory: Memory) -> None:
    """One batch; a signal after its last step comes past the line as well."""
    services = [state.service for state in observed.services]
    leaving, done = observed.still_there(memory.outgoing), False
    try:
        with _resumable(observed, memory), phase(stack, Phase.APPLY, f"update {names(services)}"):
            show = showing(stack.world, observed, leaving) if stack.shows_replicas else unseen
            apply(plan, stack.world, show)
            done = True
    except Interrupted as signal:
        if not done:
            raise
        raise _unfinished(signal, now_serving(plan.steps)) from signal


def look(stack: Stack, services: Sequence[Service], *, preflight: bool = True) -> Observed:
    """One snapshot, told as a phase; with `preflight` compose is asked what scaling would break."""
    with phase(stack, Phase.OBSERVE, f"look at {names(services)}"):
        return observe(stack.project, services, stack.engine, stack.survey, preflight=preflight)


def pass_preflight(
    stack: Stack, observed: Observed, leaving: Reasons, counts: Mapping[str, int] = NOT_SCALED
) -> None:
    """Refuse what cannot go well, and warn of what will hurt; `check` has notes besides.

    Args:
        stack: where warnings are told.
        observed: the snapshot.
        leaving: the replicas that would have to go.
        counts: how many replicas of a service are asked for, where they are.

    Raises:
        Refused: with every refusal and its mend.
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
    """Tell the plan of a rollout, and which services it switches nothing for."""
    if note := unrouted(observed, plan):
        stack.world.emit(Noted(note))
    show_plan(stack, plan)


def show_plan(stack: Stack, plan: Plan) -> None:
    """Tell the plan, line by line as it will run."""
    reversible = tuple(step.line for step in plan.reversible)
    final = tuple(step.line for step in plan.final)
    stack.world.emit(Planned(str(plan), reversible, final))


@contextmanager
def phase(stack: Stack, which: Phase, title: str) -> Iterator[None]:
    """Tell a phase; one that fails is left open, so that a CI shows it unfolded."""
    began = stack.world.clock.now()
    stack.world.emit(PhaseStarted(which, title))
    yield
    stack.world.emit(PhaseEnded(which, stack.world.clock.now() - began))


def names(services: Sequence[Service]) -> str:
    """`php-fpm, websocket`."""
    return ", ".join(service.name for service in services)


@contextmanager
def _written_down(
    stack: Stack, observed: Observed, plan: Plan, counts: Mapping[str, int]
) -> Iterator[_Entry]:
    """Keep the images of now, and write into the history how it ended.

    What has come to serve is a version to go back from, however it ended. Whoever has lost the
    lock writes nothing: the other does.
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
        with _warned_of(stack):
            stack.book.record(observed.services, result, seconds, counts, plan.brings)

    try:
        yield entry
    except (Locked, LockLost):
        raise
    except BaseException as failure:
        serves = entry.serving or isinstance(failure, Unfinished)
        with suppress(Interrupted):  # it ends anyway, and says why
            record(Result.UPDATED if serves else Result.FAILED)
        raise
    with _past_the_line(entry.serving):
        record(Result.UPDATED)


@contextmanager
def _warned_of(stack: Stack) -> Iterator[None]:
    """A history that cannot be written ends no rollout."""
    try:
        yield
    except Interrupted:
        raise
    except ComposerollError as error:
        stack.world.emit(Warned(f"the history could not be written: {error.what}"))


@contextmanager
def _resumable(observed: Observed, memory: Memory) -> Iterator[None]:
    """What was wanted stays known where a batch that is taken back leaves less than there was.

    Earlier batches stay; and of replicas that crash in a loop some may have been cleared away.
    """
    try:
        yield
    except ComposerollError as failure:
        if len(observed.still_there(memory.outgoing)) < len(memory.outgoing):
            _tell_of_earlier(failure)
        failure.half_done |= any(state.revived for state in observed.services)
        raise


def _tell_of_earlier(failure: ComposerollError) -> None:
    """Whatever became of this batch, it is not true that nothing has changed."""
    if not isinstance(failure, (Locked, LockLost, Unfinished, UndoFailed)):
        failure.serving, failure.help = EARLIER, failure.help or AGAIN
    failure.half_done = True


@contextmanager
def _past_the_line(serving: str) -> Iterator[None]:
    """Whatever fails or interrupts here, nothing can be taken back any more.

    Args:
        serving: what serves by now.

    Raises:
        Unfinished: in its place.
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
