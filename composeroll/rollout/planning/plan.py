"""Turn a snapshot into a plan: pure decisions. Users and tests read the plan's text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from composeroll.rollout.errors_share import percent
from composeroll.rollout.observing.observed import Observed, ServiceState
from composeroll.rollout.planning.counting import is_mixed, replicas_wanted
from composeroll.rollout.planning.gateway_part import GatewayPart
from composeroll.rollout.planning.outgoing import Reasons
from composeroll.rollout.planning.part import Part
from composeroll.rollout.steps import (
    ConfirmReady,
    DrainReplicas,
    Judged,
    PinUpstreams,
    RetireReplicas,
    Step,
    SwitchUpstreams,
    WatchIncoming,
)

LINE = "no way back after this"
BY_NAME = "nginx goes by the service's name, which leads to unready replicas too"
IN_DOUBT = "a rollout was interrupted, and nginx may not follow its files"


class Plan(Struct, frozen=True):
    """The steps that can be undone, then those that cannot. `str(plan)` shows exactly what runs.

    Attributes:
        reversible: the steps before the point of no return; each can be undone.
        final: the steps after it.
        later: what the following plans do, one line each.
        brings: the image each service runs after this plan, for the services that it changes.
    """

    reversible: tuple[Step, ...] = ()
    final: tuple[Step, ...] = ()
    later: tuple[str, ...] = ()
    brings: Mapping[str, str] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.reversible or self.final)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in the order in which they run."""
        return self.reversible + self.final

    def __str__(self) -> str:
        if self.empty:
            return "nothing to do"
        number = iter(range(1, len(self.steps) + 1))
        lines = [f"{next(number):>3}  {step.line}" for step in self.reversible]
        lines += [f"     ── {LINE} ──"] if self.final else []
        lines += [f"{next(number):>3}  {step.line}" for step in self.final]
        lines += [f"     {line}" for line in self.later]
        return "\n".join(lines)


def replica_counts(
    observed: Observed, outgoing: Reasons, settled: Callable[[str], int]
) -> Mapping[str, int]:
    """Return how many replicas each service should end up with, decided before the first batch.

    Args:
        observed: the snapshot.
        outgoing: the replicas that have to go.
        settled: returns how many replicas the last rollout left a service with; called only if
            not all replicas of that service count together (`is_mixed`).
    """
    counts = {state.name: replicas_wanted(state, outgoing) for state in observed.services}
    for state in observed.services:
        if is_mixed(state, outgoing):
            counts[state.name] = replicas_wanted(state, outgoing, settled(state.name))
    return counts


def plan_rollout(
    observed: Observed, outgoing: Reasons, counts: Mapping[str, int] | None = None
) -> Plan:
    """Plan the steps to what the file asks for: one batch of each service's outgoing replicas.

    Args:
        observed: the snapshot.
        outgoing: the replicas that have to go; those that no longer exist are ignored.
        counts: how many replicas each service should end up with, if an earlier batch decided it.

    Raises:
        Refused: a service's place in nginx is no longer known, so none of its replicas may go.
    """
    if refusal := next(filter(None, (state.refusal for state in observed.services)), None):
        raise refusal
    settled = counts or {}
    parts = [_part(state, outgoing, settled.get(state.name)) for state in observed.services]
    behind = [part for part in parts if not isinstance(part, GatewayPart)]
    gateways = [part for part in parts if isinstance(part, GatewayPart)]
    return Plan(
        reversible=(
            *_pin(behind),
            *(step for part in behind for step in part.prepare()),
            *_traffic(behind),
            *(step for part in gateways for step in part.prepare()),
            *_confirm(behind, gateways),
        ),
        final=(
            *(step for part in gateways for step in part.take_leave()),
            *_finish(behind),
            *(step for part in gateways for step in part.await_end()),
            *_finish(gateways),
            *(step for part in parts for step in part.tidy()),
        ),
        later=tuple(
            f"then the same for {part.left_for_later} more of {part.name}"
            for part in parts
            if part.left_for_later
        ),
        brings={part.name: part.brings for part in parts if not part.idle},
    )


def _part(state: ServiceState, outgoing: Reasons, wanted: int | None) -> Part:
    part = Part.of(state, outgoing, wanted)
    beside = state.front and not part.replaced_in_place
    return GatewayPart.of(state, outgoing, wanted) if beside else part


def _pin(parts: Sequence[Part]) -> tuple[Step, ...]:
    """Replace names with addresses before new replicas start, which the names would include."""
    named = [part for part in parts if part.pins]
    if not named:
        return ()
    switches = tuple(part.pin() for part in named)
    certain = any(part.by_name for part in named)
    reason = BY_NAME if certain else IN_DOUBT
    return (PinUpstreams(switches, _patience(named), reason=reason),)


def _traffic(parts: Sequence[Part]) -> tuple[Step, ...]:
    """One switch for all services, so that a rollout costs one test and one reload."""
    moved = [part for part in parts if part.switches]
    if not moved:
        return ()
    return (
        SwitchUpstreams(tuple(part.switch() for part in moved), _patience(moved)),
        *_watch(moved),
        *_drain(moved),
    )


def _watch(moved: Sequence[Part]) -> tuple[Step, ...]:
    seconds = max(part.state.service.settings.monitor for part in moved)
    if not seconds:
        return ()
    judged = tuple(part.judged() for part in moved if part.is_judged)
    watched = tuple(part.fresh() for part in moved)
    return (WatchIncoming(watched, seconds, judged, reason=_bounds(judged)),)


def _bounds(judged: Sequence[Judged]) -> str:
    """Return the error limits that, besides a replica that dies, end the rollout."""
    shares = dict.fromkeys(percent(one.share) for one in judged)
    return f"at most {' or '.join(shares)} of answers may be 5xx" if judged else ""


def _drain(moved: Sequence[Part]) -> tuple[Step, ...]:
    leaving = [part for part in moved if part.drains and not part.detaches]
    if not leaving:
        return ()
    every = tuple(part.leaving() for part in leaving)
    return (DrainReplicas(every, _patience(leaving), _cut_after(leaving)),)


def _confirm(behind: Sequence[Part], gateways: Sequence[Part]) -> tuple[Step, ...]:
    """Check again the replicas that waited for other services after they proved ready.

    One may have died in the meantime. A service that is rolled out alone has not waited, and a
    drain has just checked the replicas that it watches.
    """
    if len(behind) + len(gateways) == 1:
        return ()
    waited = [part for part in behind if part.gives_up_what_runs]
    late = [part for part in waited if gateways or not (part.switches and part.drains)]
    if not late:
        return ()
    incoming = tuple(part.fresh() for part in late)
    switched = (part.state.wiring for part in late if part.switches)
    routes = tuple(wiring.route for wiring in switched if wiring)
    return (ConfirmReady(incoming, routes, reason="what they replace goes next"),)


def _finish(parts: Sequence[Part]) -> tuple[Step, ...]:
    """Retire the outgoing replicas, then finish each service."""
    leaving = [(part, retiring) for part in parts if (retiring := part.retiring())]
    reason = " and ".join(dict.fromkeys(part.goes_as for part, _ in leaving))
    every = tuple(retiring for _, retiring in leaving)
    retire = (RetireReplicas(every, reason=reason),) if every else ()
    return (*retire, *(step for part in parts for step in part.finish()))


def _cut_after(parts: Sequence[Part]) -> float | None:
    """Return the longest limit; services that drain together must all allow a cut, else None."""
    found = [part.state.service.settings.drain.cut_after for part in parts]
    allowed = [seconds for seconds in found if seconds is not None]
    return max(allowed) if len(allowed) == len(found) else None


def _patience(parts: Sequence[Part]) -> float:
    return max(part.state.service.settings.drain.timeout for part in parts)
