"""`update`: the procedure of a rollout, from the pull to the proof that nothing is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct

from composeroll.config.project import Service
from composeroll.config.settings import Pull
from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Locked
from composeroll.report.events import Noted, Outcome, Phase, Warned
from composeroll.rollout.applying.again import look_again
from composeroll.rollout.applying.announce import names, phase, show_rollout
from composeroll.rollout.applying.prepare import intent_of, look, pass_preflight
from composeroll.rollout.applying.roll import roll
from composeroll.rollout.behind import behind
from composeroll.rollout.checks.draining import in_the_way
from composeroll.rollout.checks.local_images import require_images
from composeroll.rollout.detached.retirement import retire_held
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.observing.observe import looking
from composeroll.rollout.observing.observed import Observed
from composeroll.rollout.planning.order import in_order
from composeroll.rollout.planning.outgoing import outgoing
from composeroll.rollout.planning.plan import plan_rollout, replica_counts
from composeroll.rollout.stack import Stack
from composeroll.rollout.sync.rejoin import rejoin

FRESH = 2.0
"""Seconds. An observation that was made beside a pull is used if the pull took no longer than this;
an older one could be out of date. Pulling a tag whose layers exist takes some 0.1 s."""

BROKE_OFF = (
    "an earlier rollout was interrupted: `update` finishes that too, which this plan does not show"
)


class Wanted(Struct, frozen=True):
    """The arguments of one `update`.

    Attributes:
        services: their names.
        force: replace replicas that are up to date too.
        pull: compose's `--pull`.
        dry_run: only plan; change nothing.
        lock_wait: seconds to wait for another rollout of these services.
        everything: `--all`: services that run once, such as migrations, run again only if they are
            outdated.
    """

    services: tuple[str, ...]
    force: bool = False
    pull: Pull = Pull.ALWAYS
    dry_run: bool = False
    lock_wait: float = 0.0
    everything: bool = False

    def counting_runs(self, observed: Observed) -> Observed:
        """Return the observation, with `--all` without services whose last run is still valid."""
        return observed.with_last_runs() if self.everything else observed


def update(stack: Stack, wanted: Wanted) -> Outcome:
    """Bring the services in line with the compose file and the registry, without losing a request.

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
    """Plan without a lock, with the images that a pull would bring."""
    if stack.locks.broke_off(wanted.services):
        stack.world.emit(Noted(BROKE_OFF))
    always = wanted.pull is Pull.ALWAYS
    moved = stack.images.moved(services, insist=wanted.force) if always else frozenset()
    observed = wanted.counting_runs(look(stack, services)).with_newer_images(moved)
    leaving = outgoing(observed, force=wanted.force)
    pass_preflight(stack, observed, leaving)
    require_images(observed.without(moved), leaving)
    counts = replica_counts(observed, leaving, stack.book.settled)
    plan = plan_rollout(observed, leaving, counts)
    if refusal := in_the_way(stack.world, observed, plan):  # unless it has drained by then
        stack.world.emit(Warned(f"{refusal}: {refusal.help}"))
    show_rollout(stack, observed, plan)
    return Outcome.PLANNED


def update_held(stack: Stack, services: Sequence[Service], wanted: Wanted, left: Intent) -> Outcome:
    """Update the services, whose locks the caller holds; raises what `update` raises.

    Args:
        stack: the project and the rooms that work on it.
        services: in the order in which they are started.
        wanted: the arguments of the update.
        left: what earlier rollouts that broke off left to do.
    """
    try:
        return _update(stack, services, wanted, left)
    except Locked:
        raise  # the run that has the lock now uses the images that were pulled
    except ComposerollError as failure:
        if not failure.half_done:
            with stack.world.shield(), suppress(EngineError, EngineUnreachable):
                stack.images.take_back(_used_beside(stack, services))
        raise


def _used_beside(stack: Stack, services: Sequence[Service]) -> frozenset[str]:
    """Return the images that the project's other services run: they may share a reference."""
    mine = {service.name for service in services}
    return frozenset(r.image for r in stack.engine.replicas() if r.service not in mine)


def _update(stack: Stack, services: Sequence[Service], wanted: Wanted, left: Intent) -> Outcome:
    observed = wanted.counting_runs(pull_and_look(stack, services, wanted))
    leaving = outgoing(observed, force=wanted.force)
    pass_preflight(stack, observed, leaving, left.wanted)
    require_images(observed, leaving)
    retired = retire_held(stack, services)
    if retired:
        observed = wanted.counting_runs(look_again(stack, observed, preflight=True))
    leaving = outgoing(observed, force=wanted.force)
    counts = replica_counts(observed, leaving, stack.book.settled)
    intent = stack.locks.record_intent(intent_of(observed, leaving, counts))
    intent = intent.at_least({s.name: s.scale for s in services if s.scale})
    end = roll(stack, observed, intent, residue=outgoing)
    return Outcome.UPDATED if retired else end


def pull_and_look(stack: Stack, services: Sequence[Service], wanted: Wanted) -> Observed:
    """Pull and observe side by side: what compose and nginx report does not depend on the pull.

    Raises:
        ComposerollError: the pull or the observation failed; if both did, the pull's error.
    """
    if wanted.pull is Pull.NEVER:
        return look(stack, services)
    began = stack.world.clock.now()
    with looking(stack.project, services, stack.engine, stack.survey) as seen:
        with phase(stack, Phase.PULL, f"pull {names(services)}"):
            stack.images.pull(services, wanted.pull, insist=wanted.force)
        if stack.world.clock.now() - began <= FRESH and seen.read_images():
            with phase(stack, Phase.OBSERVE, f"observe {names(services)}"):
                return seen.result()
    return look(stack, services)
