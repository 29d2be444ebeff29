"""`sync`: make every upstream name exactly the replicas of its service that are ready now.

After a reboot, a crash or somebody's `up -d` the addresses in an include may be nobody's, or
another service's. Containers are neither created nor removed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from composeroll.config.project import Service
from composeroll.model import Replica
from composeroll.report.events import Outcome, Phase, Warned
from composeroll.rollout.apply import apply
from composeroll.rollout.lock.note import Memory
from composeroll.rollout.observed import ServiceState, Wiring
from composeroll.rollout.plan import Plan
from composeroll.rollout.roll import look, phase, show_plan
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps import Incoming, Switch, SwitchUpstreams

PATIENCE = 5.0
"""Seconds a replica may take to prove itself: it has been running already."""


def sync(stack: Stack, names: Sequence[str], lock_wait: float = 0.0) -> Outcome:
    """Mend the upstreams of these services.

    Raises:
        Locked: a rollout of one of them runs; it will leave the upstream right by itself.
        GatewayError: nginx did not take it; it serves what it served before.
    """
    services = stack.project.pick(names)
    # mostly all is well, and then no rollout is to find a lock in its way
    broke_off = stack.locks.broke_off(names)
    if not broke_off and _plan(stack, services, Memory()).empty:
        return Outcome.UP_TO_DATE
    with stack.locks.hold(names, lock_wait) as left:
        if left.outgoing:
            stack.locks.leave_to_others()
        plan = _plan(stack, services, left)
        show_plan(stack, plan)
        with phase(stack, Phase.APPLY, f"mend the upstreams of {', '.join(names)}"):
            apply(plan, stack.world)
        return Outcome.UP_TO_DATE if plan.empty else Outcome.UPDATED


def _plan(stack: Stack, services: Sequence[Service], left: Memory) -> Plan:
    observed = look(stack, services, preflight=False)
    _tell_refusals(stack, observed.services)
    members = {s.name: _members(stack, s, left) for s in observed.services if s.wiring}
    return plan_sync(observed.services, members, doubtful=left.broke_off)


def plan_sync(
    services: Sequence[ServiceState],
    members: Mapping[str, Sequence[Replica]],
    *,
    doubtful: bool = False,
) -> Plan:
    """One switch of every upstream that names anything else than its members. Pure.

    An upstream is never emptied: one without any ready replica stays as it is. `doubtful` writes
    and reloads all, since a rollout was cut off perhaps between the two.
    """
    switches = tuple(
        _switch(state, state.wiring, members[state.name])
        for state in services
        if state.wiring and members[state.name]
        if doubtful
        or {state.address(r) for r in members[state.name]} != state.wiring.upstream.addresses
    )
    return Plan((SwitchUpstreams(switches, 0.0, reason=REASON),)) if switches else Plan()


REASON = "it named something else than what is ready"


def meant(state: ServiceState, outgoing: Mapping[str, str]) -> tuple[Replica, ...]:
    """The running replicas that are to get requests. Pure.

    In the middle of a broken rollout that is one side alone: the one the upstream is on, which the
    comments behind its servers tell even after every address has changed.
    """
    running = tuple(r for r in state.serving if r.running)
    old = tuple(r for r in running if r.id in outgoing)
    if not (old and state.wiring):
        return running
    comments = " ".join(server.comment for server in state.wiring.upstream.servers)
    if any(r.short_id in comments for r in old):
        return old
    return tuple(r for r in running if r.id not in outgoing)


def _members(stack: Stack, state: ServiceState, left: Memory) -> tuple[Replica, ...]:
    route = state.wiring.route if state.wiring else None
    settings = replace(state.service.settings.ready, timeout=PATIENCE, settle=0.0)
    ready = stack.world.readiness.ready_among(meant(state, left.outgoing), route, settings)
    if not ready:
        stack.world.emit(
            Warned(f"no replica of {state.name} is ready: its upstream stays as it is")
        )
    return ready


def _switch(state: ServiceState, wiring: Wiring, members: Sequence[Replica]) -> Switch:
    chosen = {r.id for r in members}
    besides = frozenset(r.id for r in state.replicas if r.id not in chosen)
    return Switch(Incoming(state.name, besides), wiring.route, wiring.upstream, wiring.texts)


def _tell_refusals(stack: Stack, services: Sequence[ServiceState]) -> None:
    for state in services:
        if state.refusal:
            stack.world.emit(Warned(f"{state.name}: {state.refusal.what}"))
