"""What a plan does for one service. Pure: numbers and sets first, then the steps they call for."""

from __future__ import annotations

from dataclasses import dataclass

from composeroll.model import Replica, Route
from composeroll.rollout.counting import next_batch, replicas_wanted
from composeroll.rollout.numbering import renamings
from composeroll.rollout.observed import ServiceState, Wiring
from composeroll.rollout.outgoing import SCALED, Reasons
from composeroll.rollout.steps import (
    AdoptReplicas,
    AwaitReady,
    CreateReplicas,
    DetachReplicas,
    Incoming,
    Judged,
    Leaving,
    RemoveLeftovers,
    RemoveVolumes,
    RenumberReplicas,
    ReplaceReplicas,
    RetireReplicas,
    StartReplicas,
    Step,
    StopReplicas,
    Switch,
    before,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One service's part of a plan.

    Attributes:
        reasons: why each outdated replica has to go, by full ID.
        outgoing: the replicas that leave in this plan: one batch of the outdated.
        wanted: how many replicas are to run in the end.
    """

    state: ServiceState
    reasons: Reasons
    outgoing: tuple[Replica, ...]
    wanted: int

    @property
    def name(self) -> str:
        """The service's name."""
        return self.state.name

    @property
    def staying(self) -> tuple[Replica, ...]:
        """The replicas that serve now and after this plan."""
        return tuple(r for r in self.state.serving if r not in self.outgoing)

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
        """Whether compose recreates its containers, since it cannot run them side by side."""
        return self.state.data_only or any(
            obstacle.key == "container_name" for obstacle in self.state.service.obstacles
        )

    @property
    def stops_first(self) -> bool:
        """Whether the old replicas stop before the new ones start: a gap."""
        return self.state.stops_first

    @property
    def drains(self) -> bool:
        """Whether old replicas still run when the gateway is told of the new ones."""
        return bool(self.outgoing) and not (self.stops_first or self.replaced_in_place)

    @property
    def detaches(self) -> bool:
        """Whether the old replicas drain on after the rollout."""
        return self.drains and self.switches and self.state.service.settings.drain.detach

    @property
    def misled(self) -> bool:
        """Whether the upstream names, or may name, anything else than the replicas that stay."""
        wiring = self.state.wiring
        if wiring is None or self.state.doubtful:
            return wiring is not None
        return wiring.split or wiring.upstream.addresses != _addresses(wiring, self.staying)

    @property
    def switches(self) -> bool:
        """Whether the gateway is told something new."""
        wired = self.state.wiring is not None and self.wanted
        return bool(wired and (self.missing or self.outgoing or self.misled))

    def incoming(self) -> Incoming:
        """What serves after the switch."""
        leaving = {r.id for r in self.outgoing}
        named = {r.id for r in self.state.named_in_upstream}
        # of the outdated, whose turn is yet to come, nobody has proven those that get no requests
        return self._but_for(frozenset(leaving | (self.reasons.keys() - named)))

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

    def judged(self) -> Judged:
        """What is judged by its answers: the new beside the outdated, else beside all others."""
        old = self.fresh().besides or frozenset(r.id for r in self.state.replicas)
        settings, new = self.state.service.settings, Incoming(self.name, old)
        return Judged(new, self._route(), settings.max_errors, settings.min_requests)

    def leaving(self) -> Leaving:
        """What is drained."""
        return Leaving(self.fresh(), self._route(), self.outgoing)

    def switch(self) -> Switch:
        """What the gateway is told, and what it was told before."""
        wiring = self._wiring()
        named = self.state.named_in_upstream
        return Switch(self.incoming(), wiring.route, wiring.upstream, wiring.texts, named)

    @property
    def pins(self) -> bool:
        """Whether new replicas would get requests, unproven, by their service's name.

        After a rollout that was cut off nginx may go by it, whatever its files say.
        """
        beside = self.missing and not (self.stops_first or self.replaced_in_place)
        wired = self.state.wiring is not None
        return bool(beside and wired and (self.by_name or self.state.doubtful) and self._chosen)

    @property
    def by_name(self) -> bool:
        """Whether nginx's files hold the service's name in place of addresses."""
        return bool(self.state.wiring and self.state.wiring.upstream.names)

    def pin(self) -> Switch:
        """What the gateway is told before anything starts."""
        wiring, chosen = self._wiring(), self._chosen
        others = frozenset(r.id for r in self.state.replicas if r.id not in chosen)
        incoming = Incoming(self.name, others)
        served = tuple(r for r in self.state.named_in_upstream if r.id in chosen)
        return Switch(incoming, wiring.route, wiring.upstream, wiring.texts, served)

    @property
    def _chosen(self) -> frozenset[str]:
        """Full IDs of what gets requests, and not by a name alone."""
        return frozenset(r.id for r in self.state.named_in_upstream) - self.state.half_made

    @property
    def adopted(self) -> tuple[Replica, ...]:
        """What a broken rollout made, where there is something to go back to without it."""
        if self.stops_first or self.replaced_in_place:
            return ()
        made = self.state.half_made
        others = [r for r in self.state.serving if r.running and r.id not in made]
        return tuple(r for r in self.staying if r.id in made) if others else ()

    def prepare(self) -> tuple[Step, ...]:
        """The steps that bring up and prove what comes."""
        steps = (self._clear(), self._adopt(), *self._bring_up(), self._prove())
        return tuple(step for step in steps if step)

    def finish(self) -> tuple[Step, ...]:
        """The steps past the line."""
        steps = (self._retire(), self._renumber())
        return tuple(step for step in steps if step)

    def tidy(self) -> tuple[Step, ...]:
        """The steps after the last replica of any service has gone."""
        every = (name for r in self.outgoing for name in r.anonymous_volumes)
        volumes = tuple(name for name in every if name not in self.state.held)
        if not (self.state.data_only and volumes):
            return ()
        return (RemoveVolumes(self.name, volumes, reason="nobody mounts the old code any more"),)

    def _clear(self) -> Step | None:
        left = self.state.leftovers
        if not left or (self.replaced_in_place and self.missing):
            return None
        return RemoveLeftovers(
            self.name, left, reason="compose would start them on their old image"
        )

    def _adopt(self) -> Step | None:
        if not self.adopted:
            return None
        timeout = self.state.service.settings.drain.timeout
        return AdoptReplicas(
            self.name,
            self.adopted,
            self._back,
            timeout,
            reason="a rollout that broke off made them",
        )

    @property
    def _back(self) -> Switch | None:
        return self.switch() if self.state.wiring else None

    def _bring_up(self) -> tuple[Step, ...]:
        if not self.missing:
            return ()
        if self.replaced_in_place and self.state.replicas:
            return (self._replace(),)
        now = before(self.state.serving)
        total = len(now.ids) + self.missing
        create = CreateReplicas(
            service=self.name,
            count=self.missing,
            total=total,
            before=now,
            image=self.state.image,
            back=self._back,
            timeout=self.state.service.settings.drain.timeout,
            reason=self.why,
        )
        if not (self.stops_first and self.outgoing):
            beside = "next to the old ones" if self.outgoing else ""
            return create, StartReplicas(self.name, now, reason=beside)
        stop = StopReplicas(
            self.name, self.outgoing, self._grace, now, self._back, reason=self._gap
        )
        return create, stop, StartReplicas(self.name, now)

    def _replace(self) -> Step:
        return ReplaceReplicas(
            service=self.name,
            count=self.wanted,
            previous=(self.state.serving or self.state.replicas)[0].image,
            reference=self.state.reference,
            renew_volumes=self.state.data_only,
            back=self._back,
            reason=self.why if self.state.data_only else f"{self.why}; {self._gap}",
        )

    def _prove(self) -> Step | None:
        broke_off = self.outgoing or self.state.leftovers or self.adopted
        if self.state.data_only or not (self.missing or self.switches or broke_off):
            return None
        settings = self.state.service.settings
        wiring = self.state.wiring
        route = wiring.route if wiring else None
        return AwaitReady(
            self.fresh(),
            route,
            settings.ready,
            may_end=self.state.ends,
            reason="nothing unproven gets traffic",
        )

    def _retire(self) -> Step | None:
        if not self.outgoing or self.replaced_in_place:
            return None
        if self.detaches:
            return self._detach()
        why = "surplus" if self.why.startswith(SCALED) else "replaced"
        return RetireReplicas(self.name, self.outgoing, self._grace, reason=why)

    def _detach(self) -> Step:
        timeout = self.state.service.settings.drain.timeout
        end = f"`composeroll sync {self.name}` ends it"
        return DetachReplicas(self.name, self.outgoing, timeout, reason=end)

    def _renumber(self) -> Step | None:
        partial = len(self.outgoing) < len(self.reasons)
        if partial or self.replaced_in_place or self.detaches:
            return None
        if not (self.missing or renamings(self.staying, self.state.taken)):
            return None
        return RenumberReplicas(self.name, self.wanted, reason="names count from 1 again")

    @property
    def why(self) -> str:
        """Why there have to be new replicas."""
        if self.outgoing:
            return self.reasons[self.outgoing[0].id]
        running = len(self.staying)
        return f"{running} of {self.wanted} run" if running else "the service does not run yet"

    @property
    def _gap(self) -> str:
        return f"GAP: {self.name} does not answer until its new replicas are ready"

    @property
    def _grace(self) -> float | None:
        return self.state.service.grace

    def _wiring(self) -> Wiring:
        if self.state.wiring is None:
            raise AssertionError(f"{self.name} has no place in a gateway")
        return self.state.wiring

    def _route(self) -> Route:
        return self._wiring().route


def part_of(state: ServiceState, reasons: Reasons, wanted: int | None = None) -> Part:
    """What one service needs.

    Args:
        state: the service as it was observed.
        reasons: the outgoing replicas, of this service and others.
        wanted: how many replicas are to run in the end, as an earlier batch has settled it.
    """
    outdated = [r for r in state.serving if r.id in reasons]
    wanted = replicas_wanted(state, reasons) if wanted is None else wanted
    batch = next_batch(state, outdated, wanted)
    return Part(state, {r.id: reasons[r.id] for r in outdated}, batch, wanted)


def _addresses(wiring: Wiring, replicas: tuple[Replica, ...]) -> frozenset[str]:
    return frozenset(wiring.route.address(replica) for replica in replicas)
