"""`status`: one observation of the services, as data for a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composeroll.config.durations import format_duration
from composeroll.config.project import Project, Service
from composeroll.errors import Refused
from composeroll.model import Health, Replica
from composeroll.report.status import ReplicaStatus, ServiceStatus, Status
from composeroll.report.wording import count_text
from composeroll.rollout.applying.showing import describe
from composeroll.rollout.checks.drift import drift, owners_of
from composeroll.rollout.detached_replica import DetachedReplica
from composeroll.rollout.lock.note import Held, in_words
from composeroll.rollout.observing.observe import Survey, observe
from composeroll.rollout.observing.observed import Places, ServiceState
from composeroll.rollout.stack import Stack


def status_of(stack: Stack, names: Sequence[str]) -> Status:
    """Return the state of the services, without probing the replicas."""
    services = stack.project.pick(names)
    observed = observe(stack.project, services, stack.engine, stack.survey, preflight=False)
    owners = owners_of(stack.engine.replicas())
    detached = stack.world.engine.detached(names)
    locks = stack.locks.describe()
    held = {lock.service: lock for lock in sorted(locks, key=lambda lock: not lock.fate)}
    return Status(
        project=stack.project.name,
        services=tuple(
            _service(state, (*notes_of(state, owners, held), *_draining(stack, state, detached)))
            for state in observed.services
        ),
        locks=in_words(locks),
    )


def notes_of(
    state: ServiceState, owners: Mapping[str, Replica], held: Mapping[str, Held]
) -> tuple[str, ...]:
    """Return what is not as it should be; while a rollout runs, only that it does.

    Args:
        state: the service as it was observed.
        owners: the project's running containers, by each of their addresses.
        held: the locks, by service.
    """
    lock = held.get(state.name)
    if lock and not lock.fate:
        return (f"a rollout runs, by {lock.who}, since {lock.since}",)
    return drift(state, owners, broke_off=lock is not None)


class Lenient:
    """A survey that continues without nginx if nginx rejects its own files.

    Attributes:
        refusal: why nginx was left out, None if it was not.
    """

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self.refusal: Refused | None = None

    def look(
        self,
        project: Project,
        services: Sequence[Service],
        replicas: Sequence[Replica],
        *,
        preflight: bool,
    ) -> Places:
        """Return what the survey reads; nothing if nginx cannot be read."""
        try:
            return self._survey.look(project, services, replicas, preflight=preflight)
        except Refused as refusal:
            self.refusal = refusal
            return Places()


def _service(state: ServiceState, notes: tuple[str, ...]) -> ServiceStatus:
    return ServiceStatus(
        service=state.name,
        route=_route(state),
        replicas=tuple(_replica(state, replica) for replica in state.replicas),
        notes=notes,
    )


def _draining(
    stack: Stack, state: ServiceState, detached: Sequence[DetachedReplica]
) -> tuple[str, ...]:
    """Describe the detached replicas."""
    own = [one for one in detached if one.replica.service == state.name]
    if not own:
        return ()
    gateways = [state.wiring.route.gateway] if state.wiring else []
    addresses = [state.address(one.replica) for one in own]
    held = stack.world.gateways.connections_to(gateways, addresses)
    now = stack.world.engine.now()
    return tuple(
        f"{one.name} ({one.replica.short_id}) has been draining for {_time(now - one.since)},"
        f" {_connections(held.get(state.address(one.replica)))}, {_time(one.until - now)}"
        f" left: then, or once drained, `composeroll sync {state.name}` retires it"
        for one in own
    )


def _connections(number: int | None) -> str:
    return "unknown connections" if number is None else count_text(number, "connection")


def _time(seconds: float) -> str:
    return format_duration(max(0, round(seconds)))


def _route(state: ServiceState) -> str:
    if state.wiring is None:
        return ""
    route = state.wiring.route
    return f"upstream {route.upstream} in {route.gateway}, {route.protocol.value} :{route.port}"


def _replica(state: ServiceState, replica: Replica) -> ReplicaStatus:
    return ReplicaStatus(
        name=replica.name,
        id=replica.id,
        image=replica.image,
        address=state.address(replica),
        state=describe(replica),
        ready=readiness(state, replica),
        upstream=replica in state.named_in_upstream if state.wiring else None,
    )


def readiness(state: ServiceState, replica: Replica) -> bool | None:
    """Return the result of its healthcheck, None if it has none yet; nothing is probed.

    One that a rollout has just proven is still `starting` to the engine, for a whole interval.
    """
    if state.data_only or replica.finished:
        return None
    if not replica.running:
        return False
    return {Health.HEALTHY: True, Health.UNHEALTHY: False}.get(replica.health)
