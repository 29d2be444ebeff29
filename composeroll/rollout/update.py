"""`update`: the runbook of a rollout, from the pull to the proof that nothing is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct

from composeroll.config.project import Service
from composeroll.config.settings import Pull
from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Locked
from composeroll.report.events import Noted, Outcome, Phase, Warned
from composeroll.rollout.again import look_again
from composeroll.rollout.behind import behind
from composeroll.rollout.checks.draining import in_the_way
from composeroll.rollout.checks.local_images import insist_on_images
from composeroll.rollout.detached.retirement import retire_held
from composeroll.rollout.lock.note import Memory
from composeroll.rollout.observe import looking
from composeroll.rollout.observed import Observed
from composeroll.rollout.planning.order import in_order
from composeroll.rollout.planning.outgoing import outgoing
from composeroll.rollout.planning.plan import plan_rollout, replica_counts
from composeroll.rollout.rejoin import rejoin
from composeroll.rollout.roll import (
    look,
    memory_of,
    names,
    pass_preflight,
    phase,
    roll,
    show_rollout,
)
from composeroll.rollout.stack import Stack

FRESH = 2.0
"""Seconds that a look may have gone on beside a pull: what is decided by an older one would often
meet another world. Most pulls of a tag whose layers are here take a tenth of a second."""

BROKE_OFF = "a rollout broke off: an update finishes that as well, which this plan leaves out"


class Wanted(Struct, frozen=True):
    """What one `update` was asked for.

    Attributes:
        services: their names.
        force: replace replicas that are up to date too.
        pull: compose's `--pull`.
        dry_run: stop after the plan, and change nothing before it either.
        lock_wait: seconds to wait for another rollout of these services.
        everything: nobody named them: what is run once is run again only where it is outdated.
    """

    services: tuple[str, ...]
    force: bool = False
    pull: Pull = Pull.ALWAYS
    dry_run: bool = False
    lock_wait: float = 0.0
    everything: bool = False

    def counting_runs(self, observed: Observed) -> Observed:
        """What was observed, as far as the last run of what is run once is enough."""
        return observed.with_last_runs() if self.everything else observed


def update(stack: Stack, wanted: Wanted) -> Outcome:
    """Bring the services to what the file and the registry say, without losing a request.

    Raises:
        ComposerollError: any of its kinds; each says what still serves.
    """
    services = in_order(stack.project.to_roll(wanted.services))
    if wanted.dry_run:
        return _foresee(stack, services, wanted)
    rejoined = rejoin(stack, wanted.lock_wait)
    beside = behind(stack, wanted.services)
    with stack.locks.hold(wanted.services, wanted.lock_wait, beside) as left:
        end = update_held(stack, services, wanted, left)
    return Outcome.UPDATED if rejoined else end


def _foresee(stack: Stack, services: Sequence[Service], wanted: Wanted) -> Outcome:
    """Plan without a lock, and with what a pull would bring."""
    if stack.locks.broke_off(wanted.services):
        stack.world.emit(Noted(BROKE_OFF))
    always = wanted.pull is Pull.ALWAYS
    moved = stack.images.moved(services, insist=wanted.force) if always else frozenset()
    observed = wanted.counting_runs(look(stack, services)).with_newer_images(moved)
    leaving = outgoing(observed, force=wanted.force)
    pass_preflight(stack, observed, leaving)
    insist_on_images(observed.without(moved), leaving)
    counts = replica_counts(observed, leaving, stack.book.settled)
    plan = plan_rollout(observed, leaving, counts)
    if refusal := in_the_way(stack.world, observed, plan):  # unless it has drained by then
        stack.world.emit(Warned(f"{refusal}: {refusal.help}"))
    show_rollout(stack, observed, plan)
    return Outcome.PLANNED


def update_held(stack: Stack, services: Sequence[Service], wanted: Wanted, left: Memory) -> Outcome:
    """The update itself, by whoever holds the services' locks; raises what `update` raises.

    Args:
        stack: what it is done to.
        services: in the order in which they are brought up.
        wanted: what was asked for.
        left: what broken rollouts of them left to do.
    """
    try:
        return _update(stack, services, wanted, left)
    except Locked:
        raise  # whoever has the lock now goes on with what was pulled
    except ComposerollError as failure:
        if not failure.half_done:
            with stack.world.shield(), suppress(EngineError, EngineUnreachable):
                stack.images.take_back(_used_beside(stack, services))
        raise


def _used_beside(stack: Stack, services: Sequence[Service]) -> frozenset[str]:
    """The images of the project's other services: several may share one reference."""
    mine = {service.name for service in services}
    return frozenset(r.image for r in stack.engine.replicas() if r.service not in mine)


def _update(stack: Stack, services: Sequence[Service], wanted: Wanted, left: Memory) -> Outcome:
    observed = wanted.counting_runs(pull_and_look(stack, services, wanted))
    leaving = outgoing(observed, force=wanted.force)
    pass_preflight(stack, observed, leaving, left.wanted)
    insist_on_images(observed, leaving)
    retired = retire_held(stack, services)
    if retired:
        observed = wanted.counting_runs(look_again(stack, observed, preflight=True))
    leaving = outgoing(observed, force=wanted.force)
    counts = replica_counts(observed, leaving, stack.book.settled)
    memory = stack.locks.remember(memory_of(observed, leaving, counts))
    memory = memory.at_least({s.name: s.scale for s in services if s.scale})
    end = roll(stack, observed, memory, residue=outgoing)
    return Outcome.UPDATED if retired else end


def pull_and_look(stack: Stack, services: Sequence[Service], wanted: Wanted) -> Observed:
    """Both at once: what is asked of compose and nginx does not depend on what a pull brings.

    Raises:
        ComposerollError: of a pull, or of a look; the pull's come first.
    """
    if wanted.pull is Pull.NEVER:
        return look(stack, services)
    began = stack.world.clock.now()
    with looking(stack.project, services, stack.engine, stack.survey) as seen:
        with phase(stack, Phase.PULL, f"pull {names(services)}"):
            stack.images.pull(services, wanted.pull, insist=wanted.force)
        if stack.world.clock.now() - began <= FRESH and seen.read_images():
            with phase(stack, Phase.OBSERVE, f"look at {names(services)}"):
                return seen.result()
    return look(stack, services)
