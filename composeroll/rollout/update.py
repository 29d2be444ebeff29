"""`update`: the runbook of a rollout, from the pull to the proof that nothing is left to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from composeroll.config.project import Service
from composeroll.config.settings import Pull
from composeroll.errors import Unfinished
from composeroll.report.events import Outcome, Phase, PhaseEnded, PhaseStarted, Planned, Warned
from composeroll.rollout.apply import AGAIN, apply
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
    """

    services: tuple[str, ...]
    force: bool = False
    pull: Pull = Pull.ALWAYS
    dry_run: bool = False


def update(stack: Stack, wanted: Wanted) -> Outcome:
    """Bring the services to what the file and the registry say, without losing a request.

    Raises:
        ComposerollError: any of its kinds; each says what still serves.
    """
    services = in_order(stack.project.pick(wanted.services))
    moved = _get_images(stack, services, wanted)
    observed = _look(stack, services, moved)
    _heed(stack, observed)
    leaving = outgoing(observed, force=wanted.force)
    plan = plan_rollout(observed, leaving)
    _show(stack, plan)
    if wanted.dry_run:
        return Outcome.PLANNED
    return _roll(stack, observed, plan, leaving)


def _roll(stack: Stack, observed: Observed, plan: Plan, leaving: Reasons) -> Outcome:
    """Apply, look again, and go on with the next batch until nothing is left.

    Raises:
        Unfinished: what was done is to be done again, so doing it would never end.
    """
    if plan.empty:
        return Outcome.UP_TO_DATE
    services = [state.service for state in observed.services]
    counts = replica_counts(observed, leaving)
    while True:
        with _phase(stack, Phase.APPLY, f"update {_names(services)}"):
            apply(plan, stack.world, showing(stack.world, observed, leaving))
        with _phase(stack, Phase.VERIFY, "see that nothing is left to do"):
            observed = observe(stack.project, services, stack.engine, stack.survey, preflight=False)
            before, leaving = leaving, observed.still_there(leaving)
            plan = plan_rollout(observed, leaving or outgoing(observed), counts)
            if plan.empty:
                return Outcome.UPDATED
            if len(leaving) in {0, len(before)}:
                raise Unfinished(NOT_RIGHT, SERVING, AGAIN, tuple(str(plan).splitlines()))


def _get_images(stack: Stack, services: Sequence[Service], wanted: Wanted) -> frozenset[str]:
    """Pull, or for a dry run ask the registry: the services whose image moved there."""
    if wanted.dry_run:
        return stack.images.moved(services) if wanted.pull is Pull.ALWAYS else frozenset()
    with _phase(stack, Phase.PULL, f"pull {_names(services)}"):
        stack.images.pull(services, wanted.pull)
    return frozenset()


def _look(stack: Stack, services: Sequence[Service], moved: frozenset[str]) -> Observed:
    with _phase(stack, Phase.OBSERVE, f"look at {_names(services)}"):
        observed = observe(stack.project, services, stack.engine, stack.survey)
    return observed.with_newer_images(moved)


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
