"""The state of each replica while a plan runs, emitted after every step."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from composeroll.model import Health, Replica
from composeroll.report.events import ReplicaRow, ReplicasSeen, Stage
from composeroll.rollout.applying.apply import Show
from composeroll.rollout.observing.observed import Observed, ServiceState
from composeroll.rollout.planning.outgoing import Reasons
from composeroll.rollout.steps import (
    AwaitDone,
    AwaitReady,
    DrainReplicas,
    RetireReplicas,
    Step,
    SwitchUpstreams,
)
from composeroll.rollout.world import World


def showing(world: World, observed: Observed, leaving: Reasons) -> Show:
    """Return the function that `apply` calls after each step."""
    names = [state.name for state in observed.services]

    def show(done: Sequence[Step]) -> None:
        replicas = world.engine.replicas(names)
        world.emit(ReplicasSeen(rows(observed, leaving, replicas, done)))

    return show


def rows(
    observed: Observed,
    leaving: Collection[str],
    replicas: Sequence[Replica],
    done: Sequence[Step],
) -> tuple[ReplicaRow, ...]:
    """Return the rows of the table, by service and number.

    Args:
        observed: the snapshot that the plan was made from.
        leaving: full IDs of the outgoing replicas.
        replicas: the current containers.
        done: the finished steps.
    """
    return tuple(
        _row(state, replica, done, leaves=replica.id in leaving)
        for state in observed.services
        for replica in replicas
        if replica.service == state.name
    )


def _row(
    state: ServiceState, replica: Replica, done: Sequence[Step], *, leaves: bool
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
    """Return its state as the engine names it, with its health: `running (healthy)`."""
    if replica.health is Health.NONE:
        return replica.state.value
    return f"{replica.state.value} ({replica.health.value})"


def _stage(state: ServiceState, replica: Replica, done: Sequence[Step], *, leaves: bool) -> Stage:
    if leaves:
        if state.name in _idle(done):
            return Stage.STOPPING
        return Stage.DRAINING if state.name in _switched(done) else Stage.OUTGOING
    if _is_among(state.replicas, replica):
        return Stage.CURRENT
    proven = {step.incoming.service for step in done if isinstance(step, AwaitReady | AwaitDone)}
    return Stage.READY if state.name in proven else Stage.STARTING


def _gets_requests(
    state: ServiceState, replica: Replica, done: Sequence[Step], *, leaves: bool
) -> bool:
    if state.wiring is None:
        return False
    if state.name in _switched(done):
        return not leaves
    return _is_among(state.named_in_upstream, replica)


def _switched(done: Sequence[Step]) -> set[str]:
    """Return the services whose new replicas get the requests; pinning moves none."""
    switches = (one for s in done if type(s) is SwitchUpstreams for one in s.switches)
    return {switch.incoming.service for switch in switches}


def _idle(done: Sequence[Step]) -> set[str]:
    """Return the services whose old replicas have nothing left to do."""
    drained = (one for step in done if type(step) is DrainReplicas for one in step.leaving)
    retired = (one for step in done if isinstance(step, RetireReplicas) for one in step.retiring)
    return {one.service for one in retired} | {one.incoming.service for one in drained}


def _is_among(snapshot: Sequence[Replica], replica: Replica) -> bool:
    """Return whether it is in the snapshot, by ID, since its health may have changed."""
    return any(known.id == replica.id for known in snapshot)
