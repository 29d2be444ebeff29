"""Repair an upstream without a rollout: the replicas that should get requests, and the switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composeroll.model import Replica, Upstream
from composeroll.report.events import Phase
from composeroll.rollout.applying.announce import phase, show_plan
from composeroll.rollout.applying.apply import apply
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.observing.observed import ServiceState, Wiring
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps import Incoming, Switch, SwitchUpstreams


def apart(stack: Stack, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the services in groups whose locks are taken together.

    A service whose rollout broke off is a group by itself: the notes in its lock must not be spread
    over others. So is, at the end, a service that is being rolled out: waiting for it, or giving
    up, must not keep other upstreams from being repaired.
    """
    broken = [name for name in names if stack.locks.broke_off([name])]
    held = {held.service for held in stack.locks.describe() if not held.fate}.difference(broken)
    whole = tuple(name for name in names if name not in held and name not in broken)
    alone = (*broken, *(name for name in names if name in held))
    return (*([whole] if whole else []), *((name,) for name in alone))


def intended(state: ServiceState, outgoing: Mapping[str, str]) -> tuple[Replica, ...]:
    """Return the running replicas that should get requests. Pure.

    After a rollout that broke off before its last switch, these are the replicas that a gateway
    names, which include an outgoing one: besides it, new ones of earlier batches, and those that
    stay. After the last switch they are all that are not outgoing.
    """
    running = tuple(r for r in state.serving if r.running)
    old = tuple(r for r in running if r.id in outgoing)
    if not (old and state.wiring):
        return running
    sides = (_named(state, upstream, running) for upstream in state.wiring.each)
    before = (side for side in sides if any(r in side for r in old))
    return next(before, ()) or tuple(r for r in running if r.id not in outgoing) or old


def _named(
    state: ServiceState, upstream: Upstream, running: Sequence[Replica]
) -> tuple[Replica, ...]:
    """Return the replicas that an upstream names, by the IDs in its comments if it has any.

    Comments are still right after every address has changed. An include that composeroll did not
    write may have none; then the addresses count, but a name says nothing.
    """
    comments = " ".join(server.comment for server in upstream.servers)
    known = tuple(r for r in running if r.short_id in comments)
    addressed = tuple(r for r in running if r in state.named_in(upstream))
    return known or (() if upstream.names else addressed)


def switch_to(members: Sequence[Replica], state: ServiceState, wiring: Wiring) -> Switch:
    """Return the switch of a service's upstream to these replicas. Pure.

    If the upstream names no existing replica, an undo leads to the same replicas.
    """
    known = frozenset(r.id for r in state.replicas)
    others = known - {r.id for r in members}
    return Switch(
        Incoming(state.name, others),
        wiring.route,
        wiring.upstream,
        wiring.texts,
        served=state.named_in_upstream or tuple(members),
        known=known,
        unproven=others,
        outdated=frozenset(state.outdated),
        old_route=state.old_route(state.outdated),
    )


def repair(stack: Stack, plan: Plan) -> tuple[str, ...]:
    """Show the plan and run it, with a note in the lock: a kill may leave nginx not reloaded.

    Returns:
        The services whose upstreams were repaired; none if there was nothing to do.
    """
    if plan.empty:
        return ()
    pointing = [step for step in plan.steps if isinstance(step, SwitchUpstreams)]
    repaired = sorted({switch.incoming.service for step in pointing for switch in step.switches})
    show_plan(stack, plan)
    stack.locks.record_intent(Intent(repairing=True))
    with phase(stack, Phase.APPLY, f"repair the upstreams of {', '.join(repaired)}"):
        apply(plan, stack.world)
    return tuple(repaired)
