"""What a run emits about its course: its phases, and its plan before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from composeroll.config.project import Service
from composeroll.report.events import Noted, Phase, PhaseEnded, PhaseStarted, Planned
from composeroll.rollout.checks.unrouted import unrouted
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.stack import Stack


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
