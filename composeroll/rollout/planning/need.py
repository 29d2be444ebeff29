"""What one service needs from a rollout: counts and sets of replicas. Pure."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from composeroll.model import Replica
from composeroll.rollout.observing.observed import ServiceState
from composeroll.rollout.planning.counting import next_batch, replicas_wanted
from composeroll.rollout.planning.outgoing import SCALED, Reasons
from composeroll.rollout.steps import Incoming


class Need(Struct, frozen=True):
    """The difference between a service as it runs and as the compose file wants it.

    Attributes:
        state: the service as it was observed.
        reasons: why each outdated replica has to go, by full ID.
        outgoing: the replicas that this plan removes: one batch of the outdated ones.
        wanted: how many replicas should run in the end.
    """

    state: ServiceState
    reasons: Reasons
    outgoing: tuple[Replica, ...]
    wanted: int

    @classmethod
    def of(cls, state: ServiceState, reasons: Reasons, wanted: int | None = None) -> Self:
        """Return what one service needs.

        Args:
            state: the service as it was observed.
            reasons: the outgoing replicas of this service and others.
            wanted: how many replicas should run in the end, if an earlier batch decided it.
        """
        outdated = [r for r in state.serving if r.id in reasons]
        wanted = replicas_wanted(state, reasons) if wanted is None else wanted
        batch = next_batch(state, outdated, wanted)
        return cls(state, {r.id: reasons[r.id] for r in outdated}, batch, wanted)

    @property
    def name(self) -> str:
        """The service's name."""
        return self.state.name

    @property
    def staying(self) -> tuple[Replica, ...]:
        """The replicas that serve now and after this plan."""
        return tuple(r for r in self.state.serving if r not in self.outgoing)

    @property
    def outdated(self) -> frozenset[str]:
        """Full IDs of the outdated replicas, including those that stay when it is only scaled."""
        return frozenset({*self.reasons, *self.state.outdated})

    @property
    def left_for_later(self) -> int:
        """How many outdated replicas are left to the following plans."""
        return 0 if self.replaced_in_place else len(self.reasons) - len(self.outgoing)

    @property
    def missing(self) -> int:
        """How many replicas to create."""
        return max(0, self.wanted - len(self.staying))

    @property
    def replaced_in_place(self) -> bool:
        """Whether compose recreates its containers, since they cannot run side by side.

        This includes services that stop first and that compose has to start itself: compose would
        start the stopped old replicas too.
        """
        service = self.state.service
        by_compose = service.has_container_name or (self.stops_first and service.done_at_start)
        return self.state.data_only or bool(by_compose)

    @property
    def stops_first(self) -> bool:
        """Whether the old replicas stop before the new ones start: a gap."""
        return self.state.stops_first

    @property
    def must_end(self) -> bool:
        """Whether only its successful end proves it; a service that gets requests never ends."""
        return self.state.must_end and not (self.state.wiring or self.state.front)

    @property
    def makes_room(self) -> bool:
        """Whether old replicas stop in this plan before the new ones start."""
        return self.stops_first and bool(self.outgoing and self.missing)

    @property
    def drains(self) -> bool:
        """Whether old replicas still run when nginx switches to the new ones.

        Replicas that go without replacement, for example when a service is scaled down, make room
        for nothing: they stop last.
        """
        if self.missing and (self.stops_first or self.replaced_in_place):
            return False
        return any(r.running or not self.stops_first for r in self.outgoing)

    @property
    def gives_up_what_runs(self) -> bool:
        """Whether outgoing replicas run until new ones beside them have taken over."""
        if self.replaced_in_place or self.state.ends:
            return False
        return bool(self.outgoing and self.fresh().least)

    @property
    def meanwhile(self) -> tuple[Replica, ...]:
        """The replicas that keep serving while a stop-first batch is down; none means a gap."""
        if not (self.stops_first and self.outgoing and self.state.wiring):
            return ()
        return tuple(r for r in self.staying if r.running and r.id in self.chosen)

    @property
    def brings(self) -> str:
        """The image that it runs afterwards, which need not be the one its reference names."""
        staying = [r.image for r in self.staying]
        new = self.missing or self.state.image in staying
        return self.state.image if new or not staying else staying[0]

    @property
    def goes_as(self) -> str:
        """Whether the outgoing replicas are `surplus` or `replaced`, as the plan says."""
        return "surplus" if self.why.startswith(SCALED) else "replaced"

    @property
    def detaches(self) -> bool:
        """Whether the old replicas keep draining after the rollout has ended."""
        beside = self.drains and self.switches and not self.replaced_in_place
        return beside and self.state.service.settings.drain.detach

    @property
    def misled(self) -> bool:
        """Whether the upstream names, or may name, anything but exactly the staying replicas."""
        wiring = self.state.wiring
        if wiring is None or self.state.doubtful:
            return wiring is not None
        return wiring.split or wiring.upstream.addresses != set(
            map(self.state.address, self.staying)
        )

    @property
    def switches(self) -> bool:
        """Whether the plan rewrites the upstream."""
        wired = self.state.wiring is not None and self.wanted
        return bool(wired and (self.missing or self.outgoing or self.misled))

    def incoming(self) -> Incoming:
        """Return the replicas that serve after the switch."""
        leaving = {r.id for r in self.outgoing}
        # later batches' replicas keep serving only if they get requests now: others are unproven
        return self._without(frozenset(leaving | (self.reasons.keys() - self.chosen)))

    def fresh(self) -> Incoming:
        """Return the replicas that have to prove ready: all that are not outdated."""
        return self._without(frozenset(self.reasons) | {r.id for r in self.outgoing})

    def _without(self, excluded: frozenset[str]) -> Incoming:
        staying = sum(r.id not in excluded for r in self.staying)
        return Incoming(self.name, excluded, least=staying + self.missing)

    @property
    def is_judged(self) -> bool:
        """Whether its new replicas are judged by their answers."""
        return bool(self.missing) and self.state.service.settings.judges

    @property
    def pins(self) -> bool:
        """Whether new replicas would get requests, unproven, through their service's name.

        After an interrupted rollout nginx may still use the name, whatever its files say.
        """
        if not (self.state.wiring and self.chosen):
            return False
        beside = self.missing and not (self.makes_room or self.replaced_in_place)
        if self.by_name:
            return bool(beside or self.adopted)
        return bool(beside and self.state.doubtful)

    @property
    def by_name(self) -> bool:
        """Whether nginx's files hold the service's name instead of addresses."""
        return bool(self.state.wiring and self.state.wiring.upstream.names)

    @property
    def chosen(self) -> frozenset[str]:
        """Full IDs of the replicas that get requests, except an interrupted rollout's unproven."""
        return frozenset(r.id for r in self.state.chosen)

    @property
    def adopted(self) -> tuple[Replica, ...]:
        """Replicas that an interrupted rollout made, if a rollback without them is possible."""
        if self.replaced_in_place or (self.stops_first and self.outgoing):
            return ()
        return tuple(r for r in self.staying if r.id in self.state.half_made)

    @property
    def why(self) -> str:
        """Why new replicas are needed."""
        if self.outgoing:
            return self.reasons[self.outgoing[0].id]
        running = len(self.staying)
        return f"{running} of {self.wanted} run" if running else "the service does not run yet"
