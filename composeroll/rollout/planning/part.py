"""What a plan does for one service: the steps that its need calls for. Pure."""

from __future__ import annotations

from composeroll.model import Route
from composeroll.rollout.observing.carrying import is_idle
from composeroll.rollout.observing.observed import Wiring
from composeroll.rollout.planning.need import Need
from composeroll.rollout.steps import (
    DONE_WITHIN,
    AdoptReplicas,
    AwaitDone,
    AwaitReady,
    CreateReplicas,
    DetachReplicas,
    DrainFirst,
    Incoming,
    Judged,
    LeaveToOthers,
    Leaving,
    RemoveLeftovers,
    RemoveVolumes,
    RenumberReplicas,
    ReplaceReplicas,
    Retiring,
    StartReplicas,
    Step,
    StopReplicas,
    Switch,
    before,
)
from composeroll.rollout.steps.numbering import renamings

OTHERS = "the others serve meanwhile"
STOPPED = "an interrupted rollout had stopped them"


class Part(Need, frozen=True):
    """One service's part of a plan."""

    @property
    def idle(self) -> bool:
        """Whether the plan has nothing to do for this service."""
        ends = self.retiring() or self.finish() or self.tidy()
        return not (self.prepare() or self.switches or ends)

    def judged(self) -> Judged:
        """Return the new replicas to judge by their answers.

        Everything that is not outdated counts as new; if nothing is outdated, everything that
        does not exist yet.
        """
        old = self.fresh().excluded or frozenset(r.id for r in self.state.replicas)
        settings, new = self.state.service.settings, Incoming(self.name, old)
        return Judged(new, self._route(), settings.max_errors, settings.min_requests)

    def leaving(self) -> Leaving:
        """Return the replicas to drain, and the route by which nginx reaches them."""
        old_route = self.state.old_route(self.reasons)
        return Leaving(self.fresh(), old_route or self._route(), self.outgoing)

    def switch(self) -> Switch:
        """Return the switch from the current upstream to the replicas that serve next."""
        wiring, made = self._wiring(), frozenset(r.id for r in self.adopted)
        return Switch(
            self.incoming(),
            wiring.route,
            wiring.upstream,
            wiring.texts,
            served=tuple(r for r in self.state.named_in_upstream if r.id not in made),
            known=self._known,
            unproven=made,
            outdated=self.outdated,
            old_route=self.state.old_route(self.outdated),
            in_place=self.replaced_in_place,
            stops_first=self.stops_first,
        )

    def pin(self) -> Switch:
        """Return the switch to the current replicas' addresses, made before anything starts."""
        wiring, chosen = self._wiring(), self.chosen
        others = frozenset(r.id for r in self.state.replicas if r.id not in chosen)
        return Switch(
            Incoming(self.name, others),
            wiring.route,
            wiring.upstream,
            wiring.texts,
            served=tuple(r for r in self.state.named_in_upstream if r.id in chosen),
            known=self._known,
            unproven=others,
            outdated=self.outdated,
            old_route=self.state.old_route(self.outdated),
        )

    @property
    def _known(self) -> frozenset[str]:
        return frozenset(r.id for r in self.state.replicas)

    def prepare(self) -> tuple[Step, ...]:
        """Return the steps that bring up the new replicas and prove them ready."""
        # first: wherever a later step fails, undoing this one lets the old replicas serve again
        down = self._stop_old() if self._was_stopped else None
        steps = (down, self._clear(), self._adopt(), *self._bring_up(), self._prove())
        return tuple(step for step in steps if step)

    def retiring(self) -> Retiring | None:
        """Return the replicas to retire, in parallel with those of other services."""
        stays = self.detaches or (self.replaced_in_place and self.missing)
        if stays or not self.outgoing:
            return None
        return Retiring(self.name, self.outgoing, self._grace, self.state.service.stop_hooks)

    def finish(self) -> tuple[Step, ...]:
        """Return the steps after the outgoing replicas of this service are gone."""
        steps = (self._detach(), self._renumber())
        return tuple(step for step in steps if step)

    def tidy(self) -> tuple[Step, ...]:
        """Return the steps after the outgoing replicas of all services are gone."""
        every = (name for r in self.outgoing for name in r.anonymous_volumes)
        volumes = tuple(name for name in every if name not in self.state.held)
        if not (self.state.data_only and volumes):
            return ()
        return (
            RemoveVolumes(self.name, volumes, reason="no container mounts the old code any more"),
        )

    def _clear(self) -> Step | None:
        left = self.state.leftovers
        if not left or (self.replaced_in_place and self.missing):
            return None
        down = "do not stay up" if self.state.revived else "do not run"
        return RemoveLeftovers(self.name, left, reason=f"they {down}, and compose counts them")

    def _adopt(self) -> Step | None:
        if not self.adopted:
            return None
        timeout = self.state.service.settings.drain.timeout
        reason = "an interrupted rollout made them"
        return AdoptReplicas(self.adopted, self._back, timeout, reason=reason)

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
        elsewhere = self._leave_to_others() if self.meanwhile else ()
        create = CreateReplicas(
            service=self.name,
            count=self.missing,
            total=total,
            before=now,
            image=self.state.image,
            back=self._back,
            timeout=self.state.service.settings.drain.timeout,
            by_name=self.by_name and not (self.pins or self.makes_room),
            reason=self.why,
        )
        if not self.makes_room:
            beside = "next to the old ones" if self.outgoing else ""
            by_compose = total if self.state.service.done_at_start else 0
            return create, StartReplicas(self.name, now, by_compose, reason=beside)
        stop = () if self._was_stopped else (self._stop_old(),)
        return (*elsewhere, create, *stop, StartReplicas(self.name, now))

    def _leave_to_others(self) -> tuple[Step, ...]:
        """Take the replicas that stop next out of the upstream, and drain them."""
        wiring, others = self._wiring(), frozenset(r.id for r in self.meanwhile)
        away = Switch(
            Incoming(self.name, self._known - others),
            wiring.route,
            wiring.upstream,
            wiring.texts,
            served=self.state.named_in_upstream,
            known=self._known,
            outdated=self.outdated,
            old_route=self.state.old_route(self.outdated),
        )
        drain = self.state.service.settings.drain
        proven = others - self.reasons.keys()  # an old replica that dies does not cause a rollback
        watched = Incoming(self.name, self._known - proven, least=len(proven))
        leaving = Leaving(watched, away.old_route or away.route, self.outgoing)
        return (
            LeaveToOthers((away,), drain.timeout, reason=OTHERS),
            DrainFirst((leaving,), drain.timeout, drain.cut_after),
        )

    @property
    def _was_stopped(self) -> bool:
        """Whether an interrupted rollout stopped them for new replicas that do not serve yet."""
        if self.replaced_in_place or not (self.missing or self.state.half_made):
            return False
        return bool(self.outgoing) and self.state.stopped >= {r.id for r in self.outgoing}

    def _stop_old(self) -> Step:
        """Stop the old replicas; undoing it lets them serve again, without half-made ones."""
        hooks, made = self.state.service.stop_hooks, self.state.half_made
        reason = OTHERS if self.meanwhile else self._gap
        return StopReplicas(
            self.name,
            self.outgoing,
            self._grace,
            before([r for r in self.state.serving if r.id not in made]),
            self._back,
            hooks,
            gap=not self.meanwhile,
            reason=STOPPED if self._was_stopped else reason,
        )

    def _replace(self) -> Step:
        old = (self.state.serving or self.state.replicas)[0]
        gap = not (self.state.data_only or self.state.is_over)
        return ReplaceReplicas(
            service=self.name,
            count=self.wanted,
            previous=old.image,
            reference=self.state.reference,
            renew_volumes=self.state.data_only,
            back=self._back,
            definition=old.config_hash,
            grace=self._grace,
            hooks=self.state.service.stop_hooks,
            gap=gap,
            reason=f"{self.why}; {self._gap}" if gap else self.why,
        )

    def _prove(self) -> Step | None:
        if self.state.data_only or self.must_end:
            return self._await_done()
        broke_off = self.outgoing or self.state.leftovers or self.adopted
        none_needed = not self.fresh().least
        if none_needed or not (self.missing or self.switches or broke_off):
            return None
        wiring = self.state.wiring
        return AwaitReady(
            self.fresh(),
            wiring.route if wiring else None,
            self.state.service.settings.ready,
            may_end=self.state.ends,
            outdated=self.outdated,
            old_route=self.state.old_route(self.outdated),
            reason="nothing unproven gets traffic",
        )

    def _await_done(self) -> Step | None:
        """Wait for the new replicas to end, also those that an interrupted rollout started."""
        at_it = self.must_end and self.state.doubtful and any(r.running for r in self.staying)
        if not self.fresh().least or not (self.missing or at_it):
            return None
        had_ended = any(r.finished and not is_idle(r.command) for r in self.state.replicas)
        timeout = self.state.service.settings.ready.timeout
        return AwaitDone(
            self.fresh(),
            max(timeout, DONE_WITHIN) if self.must_end else timeout,
            retries=timeout,
            ends=self.must_end or had_ended,
            may_idle=not self.must_end,
            reason="others start with what it leaves",
        )

    def _detach(self) -> Step | None:
        if not (self.outgoing and self.detaches):
            return None
        timeout = self.state.service.settings.drain.timeout
        end = f"`composeroll sync {self.name}` ends it"
        return DetachReplicas(self.outgoing, timeout, reason=end)

    def _renumber(self) -> Step | None:
        """Renumber, unless old replicas still drain: the last one's retirement renumbers then."""
        partial = len(self.outgoing) < len(self.reasons)
        draining = self.detaches or self.state.highest_detached
        if partial or self.replaced_in_place or draining:
            return None
        if not (self.missing or renamings(self.staying, self.state.taken)):
            return None
        return RenumberReplicas(self.name, self.wanted, reason="names count from 1 again")

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
