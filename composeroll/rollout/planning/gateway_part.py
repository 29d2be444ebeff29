"""What a plan does for a gateway itself: a second nginx beside the first. Pure."""

from __future__ import annotations

from composeroll.rollout.observing.observed import Front
from composeroll.rollout.planning.part import Part
from composeroll.rollout.steps import (
    AwaitGatewaysEnd,
    ClearRehearsal,
    CreateGateways,
    HandOverUpstreams,
    ProveGateway,
    QuitGateways,
    RehearseGateway,
    StartGateways,
    Step,
    StopReplicas,
    WatchIncoming,
    before,
)


class GatewayPart(Part, frozen=True):
    """A gateway's part of a plan.

    No upstream is switched: the new nginx starts with the upstreams of the old one, and takes its
    share of the connections as soon as it listens. The point of no return is when the old nginx is
    told to quit.
    """

    def prepare(self) -> tuple[Step, ...]:
        """Return the steps that bring up the new nginx and prove it ready."""
        steps = (self._clear(), *self._bring_up(), self._prove(), self._watch())
        return tuple(step for step in steps if step)

    def take_leave(self) -> tuple[Step, ...]:
        """Return the first step after the point of no return: the old nginx quits gracefully.

        From then on, new connections reach only the new nginx.
        """
        if not self._shares:
            return ()
        hooks, reason = self.state.service.stop_hooks, "new connections reach the new one"
        return (QuitGateways(self.outgoing, hooks, self._grace, reason=reason),)

    def await_end(self) -> tuple[Step, ...]:
        """Return the step that waits for the old nginx to end.

        It comes after the final steps of the services behind it: a replica that closes its
        websockets when it stops also ends those connections in the old nginx.
        """
        if not self._shares:
            return ()
        return (AwaitGatewaysEnd(self.outgoing, self._timeout, reason="it ends what it has begun"),)

    def _clear(self) -> Step | None:
        if not self.state.leftovers:
            return None
        reason = "an interrupted run left them"
        return ClearRehearsal(self.name, self.state.leftovers, reason=reason)

    def _bring_up(self) -> tuple[Step, ...]:
        if self.missing:
            return (*self._create(), self._hand_over(), *self._stop(), self._start())
        if not (self.outgoing and self.staying):
            return ()
        again = (self._stop_old(),) if self._was_stopped else ()
        return (self._hand_over(), *again, self._start())

    def _create(self) -> tuple[Step, ...]:
        now, ready = before(self.state.serving), self.state.service.settings.ready
        total = len(now.ids) + self.missing
        return (
            CreateGateways(
                self.name,
                self.missing,
                total,
                now,
                self.state.image,
                timeout=self._timeout,
                reason=self.why,
            ),
            RehearseGateway(
                self.name,
                now,
                self._front(),
                ready,
                not self.stops_first,
                reason="nothing unproven gets traffic",
            ),
        )

    def _hand_over(self) -> Step:
        return HandOverUpstreams(self.incoming(), self._front(), reason="before it listens")

    def _stop(self) -> tuple[Step, ...]:
        if not (self.stops_first and self.outgoing):
            return ()
        now = before(self.state.serving)
        gap, hooks = "GAP: nobody listens until the new one does", self.state.service.stop_hooks
        return (StopReplicas(self.name, self.outgoing, self._grace, now, None, hooks, reason=gap),)

    def _start(self) -> Step:
        old = before(self.state.serving if self.missing else self.outgoing)
        beside = "beside the old one, on the same ports" if self._shares else ""
        return StartGateways(
            self.name, old, timeout=self._timeout, beside=self._shares, reason=beside
        )

    def _prove(self) -> Step | None:
        if not (self.missing or self.outgoing):
            return None
        ready = self.state.service.settings.ready
        return ProveGateway(self.incoming(), self._front(), ready)

    def _watch(self) -> Step | None:
        seconds = self.state.service.settings.monitor
        return WatchIncoming((self.incoming(),), seconds) if seconds and self.missing else None

    @property
    def _shares(self) -> bool:
        return bool(self.outgoing) and not self.stops_first

    @property
    def _timeout(self) -> float:
        return self.state.service.settings.drain.timeout

    def _front(self) -> Front:
        if self.state.front is None:
            raise AssertionError(f"{self.name} is not a gateway")
        return self.state.front
