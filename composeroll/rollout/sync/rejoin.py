"""Restart an nginx that clients cannot reach because it is not in the network of its edge.

This comes before every other repair, since no upstream matters until clients reach nginx.
"""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.errors import GatewayError, RolledBack
from composeroll.model import Replica
from composeroll.report.events import Phase
from composeroll.rollout.applying.announce import phase, show_plan
from composeroll.rollout.applying.apply import apply
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.stack import Stack
from composeroll.rollout.steps.rejoin import RejoinEdge
from composeroll.rollout.survey.likely import may_run_nginx, starts_nginx
from composeroll.rollout.survey.stranded import given_up, is_left_behind

NOT_STARTED = "the engine could not: the edge did not run yet"
LEFT_BEHIND = "the edge was restarted without it"
NOBODY = "nobody answers at the edge's ports"


def rejoin(stack: Stack, lock_wait: float) -> tuple[str, ...]:
    """Bring every gateway back into the network of its edge; return those that needed it.

    Raises:
        Locked: a rollout of one of them is running.
        GatewayError: one could not be started, or its nginx accepts no connections.
    """
    if not any(service.edge for service in stack.project.services.values()):
        return ()
    done = []
    for service in sorted({replica.service for replica in _stranded(stack)}):
        with stack.locks.hold([service], lock_wait) as left:
            if left != Intent(broke_off=left.broke_off):
                stack.locks.leave_to_others()
            if _start(stack, service):
                done.append(service)
    return tuple(done)


def _start(stack: Stack, service: str) -> bool:
    """Start the gateway, unless another run has done so; return whether it was necessary."""
    plan = plan_rejoin([r for r in _stranded(stack) if r.service == service])
    if plan.empty:
        return False
    show_plan(stack, plan)
    try:
        with phase(stack, Phase.APPLY, f"start {service}"):
            apply(plan, stack.world)
    except RolledBack as error:
        raise GatewayError(error.what, NOBODY, error.help, error.evidence) from error
    return True


def plan_rejoin(stranded: Sequence[Replica]) -> Plan:
    """One step for all containers of a gateway. Pure."""
    if not stranded:
        return Plan()
    first = stranded[0]
    reason = LEFT_BEHIND if first.running else NOT_STARTED
    every = tuple(r.id for r in stranded)
    nginx = tuple(r.id for r in stranded if r.running or starts_nginx(r))
    return Plan((RejoinEdge(first.service, every, nginx, reason=reason),))


def _stranded(stack: Stack) -> tuple[Replica, ...]:
    replicas, nginx = stack.engine.replicas(), stack.world.nginx

    def is_stranded(one: Replica) -> bool:
        behind = is_left_behind(one, replicas, nginx.cut_off) and nginx.serves(one)
        return behind or given_up(one, replicas)

    return tuple(r for r in replicas if may_run_nginx(r, stack.project) and is_stranded(r))
