"""Differences between a service and its upstream, as sentences for `status`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from composeroll.model import ContainerState, Health, Replica, host_of_address
from composeroll.rollout.observing.observed import ServiceState
from composeroll.rollout.planning.need import Need
from composeroll.rollout.survey.stranded import NOT_JOINED


def drift(
    state: ServiceState, owners: Mapping[str, Replica], *, broke_off: bool = False
) -> tuple[str, ...]:
    """Yield what is not as it should be, each with the command that repairs it.

    Args:
        state: the service as it was observed.
        owners: the project's running containers, by each of their addresses.
        broke_off: a rollout was cut off: the advice is to finish it, not to repair its parts.
    """
    repair, revive = f"`composeroll sync {state.name}` repairs it", _revive(state)
    if broke_off:
        repair = revive = f"`composeroll update {state.name}` finishes it"
    return (
        *_image(state),
        *_upstream(state, owners, repair),
        *_paused(state),
        *_down(state, revive),
        *_half_done(state),
    )


def owners_of(replicas: Iterable[Replica]) -> Mapping[str, Replica]:
    """Return the running containers, by each of their addresses (without port)."""
    return {
        address: replica
        for replica in replicas
        if replica.running
        for place in replica.networks
        for address in (place.ipv4, place.ipv6)
        if address
    }


def names_a_stranger(state: ServiceState, owners: Mapping[str, Replica]) -> bool:
    """Return whether nginx sends this service's requests to a container of another one."""
    named = state.wiring.upstream.addresses if state.wiring else ()
    found = (owners.get(host_of_address(address)) for address in named)
    return any(owner and owner.service != state.name for owner in found)


def _image(state: ServiceState) -> Iterator[str]:
    for replica in state.serving:
        if why := state.outdated.get(replica.id):
            yield f"{replica.name} is outdated ({why}): `composeroll update {state.name}`"


def _upstream(state: ServiceState, owners: Mapping[str, Replica], repair: str) -> Iterator[str]:
    if state.refusal:
        yield f"{state.refusal.what}; {state.refusal.help}"
    if state.wiring is None:
        return
    named = state.wiring.upstream.addresses
    if state.wiring.split:
        yield f"the gateways send requests for {state.name} to different places; {repair}"
    if by_name := state.wiring.upstream.names:
        yield f"nginx still uses the name {by_name[0]}, which includes unready replicas; {repair}"
        return
    yield from (f"{what}; {repair}" for what in _strays(state, named, owners))


def _strays(
    state: ServiceState, named: Collection[str], owners: Mapping[str, Replica]
) -> Iterator[str]:
    right = {state.address(replica): replica for replica in state.serving}
    explained = {state.address(replica) for replica in state.replicas if _is_paused(replica)}
    for address in sorted(set(named) - right.keys() - explained):
        if _any_runs(state) or host_of_address(address) in owners:
            yield _stranger(state, address, owners)
    for address in sorted(right.keys() - set(named)):
        yield f"{right[address].name} ({address}) gets no requests: it is not in the upstream"
    for address in sorted(right.keys() & set(named)):
        if right[address].health is Health.UNHEALTHY:
            yield f"{right[address].name} is unhealthy, and in the upstream"


def _stranger(state: ServiceState, address: str, owners: Mapping[str, Replica]) -> str:
    """Describe an address in the upstream that belongs to none of the service's replicas."""
    owner = owners.get(host_of_address(address))
    if owner is None:
        return f"the upstream names {address}, which is not a replica of {state.name}"
    return f"the upstream names {address}, which is {owner.name} of service {owner.service}"


def _paused(state: ServiceState) -> Iterator[str]:
    """Report paused replicas: compose does not scale a service that has one."""
    named = state.wiring.upstream.addresses if state.wiring else ()
    for replica in filter(_is_paused, state.replicas):
        address = state.address(replica)
        where = f", and the upstream names it ({address})" if address in named else ""
        yield f"{replica.name} is paused{where}: `docker unpause {replica.name}`"


def _down(state: ServiceState, revive: str) -> Iterator[str]:
    """Report replicas that should run and do not; a service that runs once may have ended."""
    meant = [r for r in state.leftovers if not (_is_paused(r) or (state.ends and r.finished))]
    if state.refusal and all(NOT_JOINED in r.error for r in meant):
        return  # the refusal says the same
    if meant:
        yield f"does not run: {', '.join(r.name for r in meant)}; {revive}"
    elif not state.replicas and state.wiring and state.wiring.upstream.addresses:
        yield f"no replica of {state.name} is there: `composeroll update {state.name}`"


def _revive(state: ServiceState) -> str:
    """Return the command that starts them; `sync` changes no upstream while no replica runs."""
    if any(NOT_JOINED in replica.error for replica in state.leftovers):
        return "the engine gave up on it before its edge ran: `composeroll sync` starts it"
    if state.revived:
        return f"`composeroll update {state.name}` recreates them"
    if state.serving:
        return f"`composeroll update {state.name}` removes it"
    return f"none runs: `docker compose start {state.name}`, or `composeroll update {state.name}`"


def _any_runs(state: ServiceState) -> bool:
    return any(replica.running for replica in state.replicas)


def _is_paused(replica: Replica) -> bool:
    return replica.state is ContainerState.PAUSED


def _half_done(state: ServiceState) -> Iterator[str]:
    wanted = Need.of(state, state.outdated).wanted
    if len(state.serving) > wanted:
        running, are = len(state.serving), "is" if wanted == 1 else "are"
        yield (
            f"{running} replicas run where {wanted} {are} wanted: a rollout was interrupted;"
            f" `composeroll update {state.name}` finishes it"
        )
