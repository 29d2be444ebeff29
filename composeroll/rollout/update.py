"""`update`: the runbook of a rollout, from the pull to the proof that nothing is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from composeroll.config.project import Service
from composeroll.config.settings import Pull
from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Locked, Refused
from composeroll.report.events import Outcome, Phase
from composeroll.rollout.behind import behind
from composeroll.rollout.counting import replicas_wanted
from composeroll.rollout.observed import Observed, ServiceState
from composeroll.rollout.order import in_order
from composeroll.rollout.outgoing import Reasons, outgoing
from composeroll.rollout.plan import plan_rollout, replica_counts
from composeroll.rollout.retirement import retire_held
from composeroll.rollout.roll import asked, heed, look, names, phase, roll, show_plan
from composeroll.rollout.stack import Stack


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
    with stack.locks.hold(wanted.services, wanted.lock_wait, behind(stack, wanted.services)):
        return update_held(stack, services, wanted)


def _foresee(stack: Stack, services: Sequence[Service], wanted: Wanted) -> Outcome:
    """Plan without a lock, and with what a pull would bring."""
    moved = stack.images.moved(services) if wanted.pull is Pull.ALWAYS else frozenset()
    observed = look(stack, services).with_newer_images(moved)
    leaving = outgoing(observed, force=wanted.force)
    heed(stack, observed, leaving)
    if wanted.pull is Pull.NEVER:
        _insist_on_images(observed, leaving)
    counts = replica_counts(observed, leaving, stack.book.settled)
    show_plan(stack, plan_rollout(observed, leaving, counts))
    return Outcome.PLANNED


def update_held(stack: Stack, services: Sequence[Service], wanted: Wanted) -> Outcome:
    """The update itself, by whoever holds the services' locks; raises what `update` raises."""
    try:
        return _update(stack, services, wanted)
    except Locked:
        raise  # whoever has the lock now goes on with what was pulled
    except ComposerollError as failure:
        if not failure.half_done:
            with suppress(EngineError, EngineUnreachable):
                stack.images.take_back()
        raise


def _update(stack: Stack, services: Sequence[Service], wanted: Wanted) -> Outcome:
    with phase(stack, Phase.PULL, f"pull {names(services)}"):
        stack.images.pull(services, wanted.pull, insist=wanted.force)
    observed = look(stack, services)
    leaving = outgoing(observed, force=wanted.force)
    heed(stack, observed, leaving)
    _insist_on_images(observed, leaving)
    if retire_held(stack, services):
        observed = look(stack, services)
    leaving = outgoing(observed, force=wanted.force)
    counts = replica_counts(observed, leaving, stack.book.settled)
    memory = stack.locks.remember(asked(observed, leaving, counts))
    memory = memory.at_least({s.name: s.scale for s in services if s.scale})
    return roll(stack, observed, memory, residue=outgoing)


def _insist_on_images(observed: Observed, leaving: Reasons) -> None:
    """What a pull did not bring, compose does not fetch either.

    Raises:
        Refused: new replicas are called for, and their image is not on the engine.
    """
    missing = [s for s in observed.services if not s.image and _creates(s, leaving)]
    if missing:
        which = ", ".join(f"{s.reference} of {s.name}" for s in missing)
        help_ = "; ".join(map(_how_to_get, missing))
        raise Refused(f"new replicas need an image that is not on the engine: {which}", help=help_)


def _creates(state: ServiceState, leaving: Reasons) -> bool:
    staying = [r for r in state.serving if r.id not in leaving]
    return len(staying) < replicas_wanted(state, leaving)


def _how_to_get(state: ServiceState) -> str:
    builds = state.service.builds
    return f"docker compose build {state.name}" if builds else f"docker pull {state.reference}"
