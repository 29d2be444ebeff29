"""What mending an upstream is made of: who is meant, the switch to them, and doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composeroll.config.project import Service
from composeroll.model import Replica, Upstream
from composeroll.report.events import Phase
from composeroll.rollout.apply import apply
from composeroll.rollout.lock.note import Memory
from composeroll.rollout.observe import observe
from composeroll.rollout.observed import Observed, ServiceState, Wiring
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.roll import phase, show_plan
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps import Incoming, Switch, SwitchUpstreams


def seen(stack: Stack, services: Sequence[Service]) -> Observed:
    """A look that is not worth telling of: mostly nothing follows from it."""
    return observe(stack.project, services, stack.engine, stack.survey, preflight=False)


def apart(stack: Stack, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The services in groups to be held together.

    Those whose rollout broke off are each by itself: what it left is a note in one service's lock,
    which is not to be spread over others. And so are, at the end, those that are being rolled: who
    waits for them, or gives up, keeps no other upstream from being mended.
    """
    broken = [name for name in names if stack.locks.broke_off([name])]
    held = {held.service for held in stack.locks.describe() if not held.fate}.difference(broken)
    whole = tuple(name for name in names if name not in held and name not in broken)
    alone = (*broken, *(name for name in names if name in held))
    return (*([whole] if whole else []), *((name,) for name in alone))


def meant(state: ServiceState, outgoing: Mapping[str, str]) -> tuple[Replica, ...]:
    """The running replicas that are to get requests. Pure.

    In the middle of a broken rollout that is whoever a gateway names, as long as that includes one
    that is to leave: with it stay those that an earlier batch has brought, or that were to stay
    anyway. Past the last switch it is all that are not to leave.
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
    """Comments behind the servers tell even after every address has changed; a name tells nobody.

    Somebody's own include may have none.
    """
    comments = " ".join(server.comment for server in upstream.servers)
    known = tuple(r for r in running if r.short_id in comments)
    addressed = tuple(r for r in running if r in state.named_in(upstream))
    return known or (() if upstream.names else addressed)


def switch_to(members: Sequence[Replica], state: ServiceState, wiring: Wiring) -> Switch:
    """The switch of a service's upstream to these of its replicas. Pure.

    Where it names none that is left, there is nothing to go back to but these.
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
        told=state.told_of(state.outdated),
    )


def mend(stack: Stack, plan: Plan) -> tuple[str, ...]:
    """Show the plan, and run it; whoever is killed at it leaves word that nginx is in doubt.

    Returns:
        The services whose upstreams it is about; none where there is nothing to do.
    """
    if plan.empty:
        return ()
    pointing = [step for step in plan.steps if isinstance(step, SwitchUpstreams)]
    mended = sorted({switch.incoming.service for step in pointing for switch in step.switches})
    show_plan(stack, plan)
    stack.locks.remember(Memory(mending=True))
    with phase(stack, Phase.APPLY, f"repair the upstreams of {', '.join(mended)}"):
        apply(plan, stack.world)
    return tuple(mended)
