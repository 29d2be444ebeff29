"""What one service needs of a rollout: numbers, and sets of replicas. Pure."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from composeroll.model import Replica
from composeroll.rollout.observed import ServiceState
from composeroll.rollout.planning.counting import next_batch, replicas_wanted
from composeroll.rollout.planning.outgoing import SCALED, Reasons
from composeroll.rollout.steps import Incoming


class Need(Struct, frozen=True):
    """What is between one service as it is and as the file wants it.

    Attributes:
        reasons: why each outdated replica has to go, by full ID.
        outgoing: the replicas that leave in this plan: one batch of the outdated.
        wanted: how many replicas are to run in the end.
    """

    state: ServiceState
    reasons: Reasons
    outgoing: tuple[Replica, ...]
    wanted: int

    @classmethod
    def of(cls, state: ServiceState, reasons: Reasons, wanted: int | None = None) -> Self:
        """What one service needs.

        Args:
            state: the service as it was observed.
            reasons: the outgoing replicas, of this service and others.
            wanted: how many replicas are to run in the end, as an earlier batch has settled it.
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
        """Full IDs of those that are to leave, now or later, or stay so where it is scaled."""
        return frozenset({*self.reasons, *self.state.outdated})

    @property
    def left_for_later(self) -> int:
        """How many outdated replicas are replaced the same way by the plans after this one."""
        return 0 if self.replaced_in_place else len(self.reasons) - len(self.outgoing)

    @property
    def missing(self) -> int:
        """How many replicas are to be created."""
        return max(0, self.wanted - len(self.staying))

    @property
    def replaced_in_place(self) -> bool:
        """Whether compose recreates its containers, since it cannot run them side by side.

        Where it has to start them itself, it would start the stopped old ones too.
        """
        service = self.state.service
        by_compose = service.has_own_name or (self.stops_first and service.done_at_start)
        return self.state.data_only or bool(by_compose)

    @property
    def stops_first(self) -> bool:
        """Whether the old replicas stop before the new ones start: a gap."""
        return self.state.stops_first

    @property
    def is_to_end(self) -> bool:
        """Whether it is proven by its end alone; what gets requests never ends."""
        return self.state.is_to_end and not (self.state.wiring or self.state.front)

    @property
    def makes_room(self) -> bool:
        """Whether old replicas stop in this plan before the new ones start."""
        return self.stops_first and bool(self.outgoing and self.missing)

    @property
    def drains(self) -> bool:
        """Whether old replicas still run when the gateway is told of the new ones.

        What only goes, as where it is scaled down, makes room for nothing: it stops last of all.
        """
        if self.missing and (self.stops_first or self.replaced_in_place):
            return False
        return any(r.running or not self.stops_first for r in self.outgoing)

    @property
    def gives_up_what_runs(self) -> bool:
        """Whether replicas go that something new has taken the place of, beside them."""
        if self.replaced_in_place or self.state.ends:
            return False
        return bool(self.outgoing and self.fresh().least)

    @property
    def meanwhile(self) -> tuple[Replica, ...]:
        """Who serves on while a batch of those that stop first is down; nobody in a gap."""
        if not (self.stops_first and self.outgoing and self.state.wiring):
            return ()
        return tuple(r for r in self.staying if r.running and r.id in self.chosen)

    @property
    def brings(self) -> str:
        """The image that it runs afterwards; its reference may name one that nothing runs yet."""
        staying = [r.image for r in self.staying]
        new = self.missing or self.state.image in staying
        return self.state.image if new or not staying else staying[0]

    @property
    def goes_as(self) -> str:
        """What the replicas are that go."""
        return "surplus" if self.why.startswith(SCALED) else "replaced"

    @property
    def detaches(self) -> bool:
        """Whether the old replicas drain on after the rollout."""
        beside = self.drains and self.switches and not self.replaced_in_place
        return beside and self.state.service.settings.drain.detach

    @property
    def misled(self) -> bool:
        """Whether the upstream names, or may name, anything else than the replicas that stay."""
        wiring = self.state.wiring
        if wiring is None or self.state.doubtful:
            return wiring is not None
        return wiring.split or wiring.upstream.addresses != set(
            map(self.state.address, self.staying)
        )

    @property
    def switches(self) -> bool:
        """Whether the gateway is told something new."""
        wired = self.state.wiring is not None and self.wanted
        return bool(wired and (self.missing or self.outgoing or self.misled))

    def incoming(self) -> Incoming:
        """What serves after the switch."""
        leaving = {r.id for r in self.outgoing}
        # of the outdated, whose turn is yet to come, nobody has proven those that get no requests
        return self._but_for(frozenset(leaving | (self.reasons.keys() - self.chosen)))

    def fresh(self) -> Incoming:
        """What has to prove itself: everything that is not outdated."""
        return self._but_for(frozenset(self.reasons) | {r.id for r in self.outgoing})

    def _but_for(self, besides: frozenset[str]) -> Incoming:
        staying = sum(r.id not in besides for r in self.staying)
        return Incoming(self.name, besides, least=staying + self.missing)

    @property
    def is_judged(self) -> bool:
        """Whether its new replicas are judged by their answers."""
        return bool(self.missing) and self.state.service.settings.judges

    @property
    def pins(self) -> bool:
        """Whether new replicas would get requests, unproven, by their service's name.

        After a rollout that was cut off nginx may go by it, whatever its files say.
        """
        if not (self.state.wiring and self.chosen):
            return False
        beside = self.missing and not (self.makes_room or self.replaced_in_place)
        if self.by_name:
            return bool(beside or self.adopted)
        return bool(beside and self.state.doubtful)

    @property
    def by_name(self) -> bool:
        """Whether nginx's files hold the service's name in place of addresses."""
        return bool(self.state.wiring and self.state.wiring.upstream.names)

    @property
    def chosen(self) -> frozenset[str]:
        """Full IDs of what gets requests, and not by a name alone."""
        return frozenset(r.id for r in self.state.chosen)

    @property
    def adopted(self) -> tuple[Replica, ...]:
        """What a broken rollout made, and there is something to go back to without it."""
        if self.replaced_in_place or (self.stops_first and self.outgoing):
            return ()
        return tuple(r for r in self.staying if r.id in self.state.half_made)

    @property
    def why(self) -> str:
        """Why there have to be new replicas."""
        if self.outgoing:
            return self.reasons[self.outgoing[0].id]
        running = len(self.staying)
        return f"{running} of {self.wanted} run" if running else "the service does not run yet"
