"""Take strangers out of upstreams: addresses that now belong to containers of other services.

A stranger answers with another service's content and status 200, so this waits for no proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composeroll.config.project import Service
from composeroll.model import Replica
from composeroll.rollout.applying.prepare import look_quietly
from composeroll.rollout.checks.drift import names_a_stranger, owners_of
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.observing.observed import ServiceState
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps.evict import EvictStrangers
from composeroll.rollout.sync.repair import apart, intended, repair, switch_to

MISLED = "containers of other services have these addresses now"


def evict(stack: Stack, names: Sequence[str]) -> bool:
    """Take strangers out of these services' upstreams; return whether there were any.

    Raises:
        Locked: a rollout of one of them runs.
        GatewayError: nginx did not accept the change; it keeps serving what it served before.
    """
    owners = owners_of(stack.engine.replicas())
    states = look_quietly(stack, stack.project.pick(names)).services
    misled = [state.name for state in states if names_a_stranger(state, owners)]
    for group in apart(stack, misled):
        with stack.locks.hold(group, 0.0) as left:
            if left.broke_off:  # in doubt what nginx runs until `sync` or a rollout reloads all
                stack.locks.leave_to_others()
            evict_held(stack, stack.project.pick(group), left)
    return bool(misled)


def evict_held(stack: Stack, services: Sequence[Service], left: Intent) -> tuple[str, ...]:
    """Do the same with the services' locks held; return the services that were repaired."""
    owners = owners_of(stack.engine.replicas())
    plan = plan_eviction(look_quietly(stack, services).services, owners, left.outgoing)
    return repair(stack, plan)


def plan_eviction(
    services: Sequence[ServiceState],
    owners: Mapping[str, Replica],
    outgoing: Mapping[str, str] | None = None,
) -> Plan:
    """Plan one switch of all upstreams that name another service's container. Pure."""
    switches = tuple(
        switch_to(intended(state, outgoing or {}), state, state.wiring)
        for state in services
        if state.wiring and names_a_stranger(state, owners)
    )
    return Plan((EvictStrangers(switches, 0.0, reason=MISLED),)) if switches else Plan()
