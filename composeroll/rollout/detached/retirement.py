"""Retire detached replicas once they have drained, or their time is over."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from composeroll.config.project import Service
from composeroll.model import Replica
from composeroll.report.events import Phase, Warned
from composeroll.rollout.applying.announce import phase, show_plan
from composeroll.rollout.applying.apply import apply
from composeroll.rollout.applying.prepare import look_quietly
from composeroll.rollout.detached_replica import DetachedReplica
from composeroll.rollout.observing.observed import ServiceState
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps import RenumberReplicas, RetireReplicas, Retiring
from composeroll.rollout.steps.drain import POLL, still_living
from composeroll.rollout.steps.lingering import FIRST, SETTLED, Lingering, waited_for

ENOUGH = 2.0
"""Seconds beyond the time that connections need to prove long-lived."""


class Retired(Struct, frozen=True):
    """The result of an attempt to retire detached replicas.

    Attributes:
        services: the services of which a replica was retired.
        left: whether a detached replica is left.
    """

    services: tuple[str, ...] = ()
    left: bool = False


def retire_drained(stack: Stack, names: Sequence[str], lock_wait: float = 0.0) -> Retired:
    """Retire the detached replicas of these services that have drained.

    Raises:
        Locked: a rollout of one of the services runs.
        Unfinished: a replica was stopped, but could not be removed.
    """
    detached = stack.world.engine.detached(names)
    if not detached:
        return Retired()
    retired = []
    services = stack.project.pick(sorted({one.replica.service for one in detached}))
    for state in look_quietly(stack, services).services:
        # Judged without the lock, which a rollout may want: a drained replica stays drained.
        if due := _due(stack, state):
            with stack.locks.hold([state.name], lock_wait) as left:
                if left.broke_off:  # nothing is reloaded here: `update` or `sync` has to
                    stack.locks.leave_to_others()
                (now,) = look_quietly(stack, [state.service]).services
                if still := _unnamed(now, due):  # nginx may have been recreated in the meantime
                    _retire(stack, now, still)
                    retired.append(state.name)
    return Retired(tuple(retired), left=bool(stack.world.engine.detached(names)))


def retire_held(stack: Stack, services: Sequence[Service]) -> bool:
    """Do the same under locks that the caller holds; return whether any replica was retired."""
    if not stack.world.engine.detached([service.name for service in services]):
        return False
    retired = False
    for state in look_quietly(stack, services).services:
        if due := _due(stack, state):
            _retire(stack, state, due)
            retired = True
    return retired


def _retire(stack: Stack, state: ServiceState, due: Sequence[DetachedReplica]) -> None:
    leaving = {one.replica.id for one in due}  # by ID, since their health may change
    others = [r for r in stack.world.engine.detached([state.name]) if r.replica.id not in leaving]
    plan = plan_retirement(state, due, last=not others)
    show_plan(stack, plan)
    with phase(stack, Phase.APPLY, f"retire the drained replicas of {state.name}"):
        apply(plan, stack.world)


def plan_retirement(state: ServiceState, due: Sequence[DetachedReplica], *, last: bool) -> Plan:
    """Plan to stop and remove these; with the last of them, names count from 1 again. Pure."""
    replicas = tuple(one.replica for one in due)
    service = state.service
    retiring = Retiring(state.name, replicas, service.grace, service.stop_hooks)
    retire = RetireReplicas((retiring,), reason="drained")
    renumber = RenumberReplicas(state.name, len(state.replicas), reason="names count from 1 again")
    return Plan(final=(retire, renumber) if last else (retire,))


def _due(stack: Stack, state: ServiceState) -> tuple[DetachedReplica, ...]:
    """Return the detached replicas that can go now: none that an include still names.

    A replica that has ended has nothing left to drain. If the service has no place in a gateway
    now, it is unknown what old workers hold. If nginx uses the service's name, as a recreated nginx
    does, the name includes detached replicas too.
    """
    world = stack.world
    detached = _unnamed(state, world.engine.detached([state.name]))
    drain = [one for one in detached if not one.replica.over]
    over = [one for one in drain if world.engine.now() >= one.until]
    replicas = [one.replica for one in drain]
    own = [state.wiring.route.gateway] if drain and state.wiring else []
    gateways = waited_for(world, own, replicas) if own else frozenset()
    if gateways and _has_drained(stack, state, gateways, replicas):
        return detached
    if over:
        called = ", ".join(one.name for one in over)
        workers = world.gateways.old_workers(gateways)
        left = f"; {still_living(workers)}" if workers else ""
        world.emit(Warned(f"the drain timeout of {called} has passed{left}"))
    return tuple(one for one in detached if one in over or one not in drain)


def _unnamed(
    state: ServiceState, detached: Sequence[DetachedReplica]
) -> tuple[DetachedReplica, ...]:
    """Return those that the upstream does not name; the service's name includes all."""
    if state.refusal or (state.wiring and state.wiring.upstream.names):
        return ()
    named = state.wiring.upstream.addresses if state.wiring else ()
    return tuple(one for one in detached if state.address(one.replica) not in named)


def _has_drained(
    stack: Stack, state: ServiceState, gateways: Collection[str], replicas: Sequence[Replica]
) -> bool:
    """Return whether no old worker reaches them; if so, the proof takes some seconds."""
    world, cut_after = stack.world, state.service.settings.drain.cut_after
    lingering = Lingering(world, gateways, replicas, cut_after)
    end = world.clock.now() + FIRST + max(SETTLED, cut_after or 0) + ENOUGH
    while world.gateways.old_workers(gateways):
        if lingering.may_be_left():
            return True
        if lingering.has_to_wait or world.clock.now() >= end:
            return False
        world.clock.wait(POLL)
    return True
