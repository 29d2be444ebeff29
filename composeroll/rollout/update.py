"""`update`: the runbook of a rollout, from the pull to the proof that nothing is left to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from composeroll.config.project import Service
from composeroll.config.settings import Pull
from composeroll.errors import ComposerollError, Unfinished
from composeroll.report.events import Outcome, Phase, PhaseEnded, PhaseStarted, Planned, Warned
from composeroll.rollout.apply import AGAIN, apply
from composeroll.rollout.lock.note import Memory
from composeroll.rollout.observe import observe
from composeroll.rollout.observed import Observed
from composeroll.rollout.order import in_order
from composeroll.rollout.outgoing import Reasons, outgoing
from composeroll.rollout.plan import Plan, plan_rollout, replica_counts
from composeroll.rollout.preflight import findings, refuse
from composeroll.rollout.showing import showing
from composeroll.rollout.stack import Stack

NOT_RIGHT = "the rollout went through, but not everything is as it should be"
SERVING = "the new replicas serve"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one `update` was asked for.

    Attributes:
        services: their names.
        force: replace replicas that are up to date too.
        pull: compose's `--pull`.
        dry_run: stop after the plan, and change nothing before it either.
        lock_wait: seconds to wait for another rollout of these services.
    """

    services: tuple[str, ...]
    force: bool = False
    pull: Pull = Pull.ALWAYS
    dry_run: bool = False
    lock_wait: float = 0.0


def update(stack: Stack, wanted: Wanted) -> Outcome:
    """Bring the services to what the file and the registry say, without losing a request.

    Raises:
        ComposerollError: any of its kinds; each says what still serves.
    """
    services = in_order(stack.project.pick(wanted.services))
    if wanted.dry_run:
        return _foresee(stack, services, wanted)
    with stack.locks.hold(wanted.services, wanted.lock_wait):
        return _update(stack, services, wanted)


def _foresee(stack: Stack, services: Sequence[Service], wanted: Wanted) -> Outcome:
    """Plan without a lock, and with what a pull would bring."""
    moved = stack.images.moved(services) if wanted.pull is Pull.ALWAYS else frozenset()
    observed = _look(stack, services).with_newer_images(moved)
    _heed(stack, observed)
    _show(stack, plan_rollout(observed, outgoing(observed, force=wanted.force)))
    return Outcome.PLANNED


def _update(stack: Stack, services: Sequence[Service], wanted: Wanted) -> Outcome:
    with _phase(stack, Phase.PULL, f"pull {_names(services)}"):
        stack.images.pull(services, wanted.pull)
    observed = _look(stack, services)
    _heed(stack, observed)
    leaving = outgoing(observed, force=wanted.force)
    memory = stack.locks.remember(Memory(leaving, replica_counts(observed, leaving)))
    leaving = observed.still_there(memory.outgoing)
    plan = plan_rollout(observed, leaving, memory.wanted)
    _show(stack, plan)
    return _roll(stack, observed, plan, memory)


def _roll(stack: Stack, observed: Observed, plan: Plan, memory: Memory) -> Outcome:
    """Apply, look again, and go on with the next batch until nothing is left.

    Raises:
        Unfinished: what was done is to be done again, so doing it would never end.
    """
    if plan.empty:
        return Outcome.UP_TO_DATE
    services = [state.service for state in observed.services]
    leaving = observed.still_there(memory.outgoing)
    while True:
        with _phase(stack, Phase.APPLY, f"update {_names(services)}"), _resumable(leaving, memory):
            apply(plan, stack.world, showing(stack.world, observed, leaving))
        with _phase(stack, Phase.VERIFY, "see that nothing is left to do"), _past_the_line():
            observed = observe(stack.project, services, stack.engine, stack.survey, preflight=False)
            before, leaving = leaving, observed.still_there(leaving)
            plan = plan_rollout(observed, leaving or outgoing(observed), memory.wanted)
            if plan.empty:
                return Outcome.UPDATED
            if len(leaving) in {0, len(before)}:
                raise Unfinished(NOT_RIGHT, SERVING, AGAIN, tuple(str(plan).splitlines()))


@contextmanager
def _resumable(leaving: Reasons, memory: Memory) -> Iterator[None]:
    """A later batch that is taken back leaves the earlier ones: what was wanted stays known."""
    try:
        yield
    except ComposerollError as failure:
        failure.half_done |= len(leaving) < len(memory.outgoing)
        raise


@contextmanager
def _past_the_line() -> Iterator[None]:
    """Whatever fails or interrupts here, nothing can be taken back any more.

    Raises:
        Unfinished: in its place.
    """
    try:
        yield
    except Unfinished:
        raise
    except ComposerollError as failure:
        raise Unfinished(failure.what, SERVING, AGAIN, failure.evidence) from failure


def _look(stack: Stack, services: Sequence[Service]) -> Observed:
    with _phase(stack, Phase.OBSERVE, f"look at {_names(services)}"):
        return observe(stack.project, services, stack.engine, stack.survey)


def _heed(stack: Stack, observed: Observed) -> None:
    """Refuse what cannot go well, and warn of the rest."""
    found = findings(observed, stack.locate)
    refuse(observed, found)
    for finding in found:
        stack.world.emit(Warned(": ".join(filter(None, (finding.what, finding.help)))))


def _show(stack: Stack, plan: Plan) -> None:
    reversible = tuple(step.line for step in plan.reversible)
    final = tuple(step.line for step in plan.final)
    stack.world.emit(Planned(str(plan), reversible, final))


@contextmanager
def _phase(stack: Stack, phase: Phase, title: str) -> Iterator[None]:
    """Tell a phase; one that fails is left open, so that a CI shows it unfolded."""
    began = stack.world.clock.now()
    stack.world.emit(PhaseStarted(phase, title))
    yield
    stack.world.emit(PhaseEnded(phase, stack.world.clock.now() - began))


def _names(services: Sequence[Service]) -> str:
    return ", ".join(service.name for service in services)
