"""`sync`: make every upstream name exactly the replicas of its service that are ready now.

After a reboot, a crash or a manual `up -d` the addresses in an include may belong to no container,
or to another service. `sync` creates no container; it removes only replicas that an earlier rollout
left to drain, and starts only an nginx that has lost its edge. It removes a stranger's address at
once, and names only replicas that have proved ready.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from msgspec import Struct, field
from msgspec.structs import replace

from composeroll.config.project import Service
from composeroll.errors import GatewayUnread, Refused
from composeroll.model import Replica
from composeroll.report.events import Warned
from composeroll.rollout.applying.prepare import look_quietly
from composeroll.rollout.checks.drift import owners_of
from composeroll.rollout.detached.retirement import retire_drained
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.observing.observed import Observed, ServiceState
from composeroll.rollout.planning.plan import IN_DOUBT, Plan
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps import SwitchUpstreams
from composeroll.rollout.steps.tell_again import TellAgain
from composeroll.rollout.sync.evict import evict_held, plan_eviction
from composeroll.rollout.sync.rejoin import rejoin
from composeroll.rollout.sync.repair import apart, intended, repair, switch_to

PATIENCE = 5.0
"""Seconds a replica may take to prove ready: it has been running already."""

REASON = "it named something else than what is ready"
RIGHT = "the upstreams of all others name what is ready"


class Synced(Struct, frozen=True):
    """The result of one pass of `sync`.

    Attributes:
        repaired: the services for which something was repaired.
        unready: the names of running replicas that did not prove ready.
        refused: why a service's place cannot be used, by its name.
        settled: another pass would find nothing to do, as long as no container changes.
        draining: old replicas are still draining, and need another pass.
    """

    repaired: tuple[str, ...] = ()
    unready: tuple[str, ...] = ()
    refused: Mapping[str, Refused] = field(default_factory=dict)
    settled: bool = True
    draining: bool = False

    def and_also(self, other: Synced) -> Synced:
        """Return both results combined."""
        return Synced(
            tuple(dict.fromkeys(self.repaired + other.repaired)),
            self.unready + other.unready,
            {**self.refused, **other.refused},
            self.settled and other.settled,
            self.draining or other.draining,
        )


def sync(stack: Stack, names: Sequence[str], lock_wait: float = 0.0) -> tuple[str, ...]:
    """Repair the upstreams of these services, and warn of replicas that get no requests.

    Returns:
        The services for which something was repaired.

    Raises:
        Locked: a rollout of one of them runs; it leaves the upstream right itself.
        GatewayError: nginx did not accept the change; it keeps serving what it served before.
        Refused: the place of one of them cannot be used; the others' upstreams are right.
    """
    synced = sync_once(stack, names, lock_wait)
    if synced.unready:
        stack.world.emit(Warned(unready(synced)))
    if synced.refused:
        _refuse(stack, names, synced.refused)
    return synced.repaired


def _refuse(stack: Stack, names: Sequence[str], refused: Mapping[str, Refused]) -> NoReturn:
    """Raise the last reason and warn of the others; report a shared reason once."""
    reasons = {refusal.what: refusal for refusal in refused.values()}
    affected = {what: [name for name in refused if refused[name].what == what] for what in reasons}
    *others, last = (f"{', '.join(affected[what])}: {what}" for what in reasons)
    for text in others:
        stack.world.emit(Warned(text))
    *_, reason = reasons.values()
    serving = RIGHT if len(refused) < len(names) else reason.serving
    raise Refused(last, serving, reason.help, reason.evidence)


def unready(synced: Synced) -> str:
    """Return the warning about replicas that did not prove ready."""
    names = ", ".join(synced.unready)
    return f"not ready: {names}; an upstream without any ready replica stays as it is"


def sync_once(stack: Stack, names: Sequence[str], lock_wait: float = 0.0) -> Synced:
    """Do the same, but leave the warnings and refusals to the caller; raise as `sync` does."""
    synced = Synced(rejoin(stack, lock_wait))
    for group in apart(stack, names):
        right = None if stack.locks.broke_off(group) else _right(stack, stack.project.pick(group))
        # mostly all is right, and then no lock may delay a rollout
        synced = synced.and_also(right or _sync_held(stack, group, lock_wait))
    return synced.and_also(_retire(stack, names, lock_wait))


def _retire(stack: Stack, names: Sequence[str], lock_wait: float) -> Synced:
    """Retire what earlier rollouts left to drain."""
    retired = retire_drained(stack, names, lock_wait)
    return Synced(retired.services, draining=retired.left)


def _sync_held(stack: Stack, names: Sequence[str], lock_wait: float) -> Synced:
    services = stack.project.pick(names)
    with stack.locks.hold(names, lock_wait) as left:
        if left != Intent(broke_off=left.broke_off):
            stack.locks.leave_to_others()
        evicted = evict_held(stack, services, left)
        observed = look_quietly(stack, services)
        plan, missing = _plan(stack, observed, left)
        if left.broke_off and _refused(observed):  # nginx cannot be updated there
            stack.locks.leave_to_others()
        repaired = dict.fromkeys((*evicted, *repair(stack, plan)))
    # a broken rollout needs another run to finish it: another pass would not help
    settled = left.broke_off or not (repaired or missing or _any_unread(observed))
    return Synced(tuple(repaired), missing, _refused(observed), settled)


def _right(stack: Stack, services: Sequence[Service]) -> Synced | None:
    """Return the result if all is right; None if there is something to repair."""
    observed = look_quietly(stack, services)
    if not plan_eviction(observed.services, owners_of(stack.engine.replicas())).empty:
        return None
    plan, missing = _plan(stack, observed, Intent())
    if not plan.empty:
        return None
    settled = not (missing or _any_unread(observed))
    return Synced(unready=missing, refused=_refused(observed), settled=settled)


def _plan(stack: Stack, observed: Observed, left: Intent) -> tuple[Plan, tuple[str, ...]]:
    """Return the repair, and the names of replicas that are not ready."""
    wired = [state for state in observed.services if state.wiring]
    asked = {state.name: intended(state, left.outgoing) for state in wired}
    ready = {state.name: _ready(stack, state, asked[state.name]) for state in wired}
    missing = [r.name for name in asked for r in asked[name] if r not in ready[name]]
    plan = plan_sync(observed.services, ready, doubtful=left.broke_off)
    return plan, tuple(missing)


def plan_sync(
    services: Sequence[ServiceState],
    members: Mapping[str, Sequence[Replica]],
    *,
    doubtful: bool = False,
) -> Plan:
    """Plan one switch of all upstreams that name anything other than their members. Pure.

    An upstream is never emptied: one without a ready replica stays unchanged. `doubtful` writes and
    reloads all, since a rollout may have been cut off between the two; for an upstream without a
    ready replica, nginx reads the include again.
    """
    named = (
        (switch_to(members[state.name], state, state.wiring), state.wiring, members[state.name])
        for state in services
        if state.wiring and members[state.name]
    )
    switches = tuple(
        switch
        for switch, wiring, replicas in named
        if doubtful
        or wiring.split
        or {switch.address(r) for r in replicas} != wiring.upstream.addresses
    )
    again = tuple(
        switch_to((), state, state.wiring)
        for state in services
        if doubtful and state.wiring and not members[state.name]
    )
    tell = (TellAgain(again, 0.0, reason=IN_DOUBT),) if again else ()
    return Plan((*tell, SwitchUpstreams(switches, 0.0, reason=REASON)) if switches else tell)


def _ready(stack: Stack, state: ServiceState, replicas: Sequence[Replica]) -> tuple[Replica, ...]:
    """Probe outdated replicas where nginx knows them: the file may name another port now."""
    route = state.wiring.route if state.wiring else None
    settings = replace(state.service.settings.ready, timeout=PATIENCE, settle=0.0)
    old_route = state.old_route(state.outdated)
    if old_route == route:
        return stack.world.readiness.ready_among(replicas, route, settings)
    sides = [[r for r in replicas if (r.id in state.outdated) is old] for old in (False, True)]
    ready = [
        one
        for way, side in zip((route, old_route), sides, strict=True)
        for one in stack.world.readiness.ready_among(side, way, settings)
    ]
    return tuple(r for r in replicas if r in ready)


def _any_unread(observed: Observed) -> bool:
    """Whether a gateway could not be read: no container event says when it can be."""
    return any(isinstance(state.refusal, GatewayUnread) for state in observed.services)


def _refused(observed: Observed) -> Mapping[str, Refused]:
    return {state.name: state.refusal for state in observed.services if state.refusal}
