"""Where each replica stands while a plan runs, told after every step."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from composeroll.model import Health, Replica
from composeroll.report.events import ReplicaRow, ReplicasSeen, Stage
from composeroll.rollout.apply import Show
from composeroll.rollout.observed import Observed, ServiceState
from composeroll.rollout.outgoing import Reasons
from composeroll.rollout.steps import (
    AwaitReady,
    DrainReplicas,
    RetireReplicas,
    Step,
    SwitchUpstreams,
)
from composeroll.rollout.world import World


def showing(world: World, observed: Observed, leaving: Reasons) -> Show:
    """What `apply` calls after each step."""
    names = [state.name for state in observed.services]

    def show(done: Sequence[Step]) -> None:
        kinds = {type(step) for step in done}
        replicas = world.engine.replicas(names)
        world.emit(ReplicasSeen(rows(observed, leaving, replicas, kinds)))

    return show


def rows(
    observed: Observed,
    leaving: Collection[str],
    replicas: Sequence[Replica],
    done: Collection[type[Step]],
) -> tuple[ReplicaRow, ...]:
    """The table's lines, by service and number.

    Args:
        observed: the snapshot that the plan was made from.
        leaving: full IDs of the outgoing replicas.
        replicas: the containers there are now.
        done: the kinds of steps that are done.
    """
    return tuple(
        _row(state, replica, done, leaves=replica.id in leaving)
        for state in observed.services
        for replica in replicas
        if replica.service == state.name
    )


def _row(
    state: ServiceState, replica: Replica, done: Collection[type[Step]], *, leaves: bool
) -> ReplicaRow:
    return ReplicaRow(
        service=state.name,
        name=replica.name,
        id=replica.id,
        image=replica.image,
        address=state.address(replica),
        state=describe(replica),
        stage=_stage(state, replica, done, leaves=leaves),
        upstream=_gets_requests(state, replica, done, leaves=leaves),
    )


def describe(replica: Replica) -> str:
    """The engine's word for it, with its health: `running (healthy)`."""
    if replica.health is Health.NONE:
        return replica.state.value
    return f"{replica.state.value} ({replica.health.value})"


def _stage(
    state: ServiceState, replica: Replica, done: Collection[type[Step]], *, leaves: bool
) -> Stage:
    if leaves:
        if DrainReplicas in done or RetireReplicas in done:
            return Stage.STOPPING
        return Stage.DRAINING if SwitchUpstreams in done else Stage.OUTGOING
    if replica in state.replicas:
        return Stage.CURRENT
    return Stage.READY if AwaitReady in done else Stage.STARTING


def _gets_requests(
    state: ServiceState, replica: Replica, done: Collection[type[Step]], *, leaves: bool
) -> bool:
    if state.wiring is None:
        return False
    if SwitchUpstreams in done:
        return not leaves
    return replica in state.named_in_upstream
