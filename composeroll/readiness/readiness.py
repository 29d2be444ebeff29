"""The entry point of this package: `Readiness.await_ready`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from composeroll.config.settings import Ready
from composeroll.errors import NotReady, Refused
from composeroll.model import Protocol, Replica, Route
from composeroll.readiness.attempt import Attempt
from composeroll.readiness.dialers import Dialers
from composeroll.readiness.direct import DirectDialer
from composeroll.readiness.door import ContainerDoor, EventStream
from composeroll.readiness.pace import Clock, MonotonicClock, pace_of
from composeroll.readiness.pipe import Dialer, OpenPipes
from composeroll.readiness.probes import AddressProbe, Probe, choose, other_ways
from composeroll.readiness.vigil import SIDE_BY_SIDE, Asked, Vigil
from composeroll.report.events import Emit, Event

Listen = Callable[[], AbstractContextManager[EventStream]]
"""Subscribes to the engine's events, from the moment of the call."""


class Readiness:
    """Proves that replicas are ready to serve."""

    def __init__(
        self,
        door: ContainerDoor,
        dialers: Dialers,
        listen: Listen,
        emit: Emit,
        clock: Clock | None = None,
    ) -> None:
        self._door = door
        self._dialers = dialers
        self._listen = listen
        self._emit = emit
        self._clock = clock or MonotonicClock()

    def await_ready(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> None:
        """Return when every replica of one service has proved that it is ready.

        Its threads end with it, even when a signal handler raises an exception.

        Raises:
            NotReady: a replica died, or was not ready in time.
            Refused: neither this machine nor the gateway can connect to the replicas' network.
            SettingsError: `ready.path` is set for a protocol that has no paths.
            EngineError: the engine refused to report a replica's state.
            EngineUnreachable: the engine does not answer.
        """
        self._prove(replicas, route, settings, self._emit)

    def ready_among(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> tuple[Replica, ...]:
        """Return the replicas that are ready within `settings.timeout`, each judged by itself.

        No events are emitted: `sync --watch` calls this every few seconds, and its output would
        bury what matters.

        Raises:
            Refused: neither this machine nor the gateway can connect to the replicas' network.
            EngineUnreachable: the engine does not answer.
        """

        def proves_itself(replica: Replica) -> bool:
            try:
                self._prove([replica], route, settings, _discard)
            except NotReady:
                return False
            return True

        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as side_by_side:
            proven = list(side_by_side.map(proves_itself, replicas))
        return tuple(r for r, good in zip(replicas, proven, strict=True) if good)

    def _prove(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready, emit: Emit
    ) -> None:
        healthcheck = next((r.healthcheck for r in replicas if r.healthcheck), None)
        probe = choose(settings, healthcheck, route)
        dialer = self._dialer(probe, route)
        pipes = OpenPipes(dialer or DirectDialer())
        accepts = route is not None and route.protocol is not Protocol.UDP
        reachable = route if dialer and accepts else None
        asked = tuple(self._asked(replica, reachable, probe, pipes) for replica in replicas)
        with self._listen() as events:
            Vigil(
                asked=asked,
                how=str(probe),
                pace=pace_of(settings, probe),
                door=self._door,
                events=events,
                emit=emit,
                clock=self._clock,
                hang_up=pipes.close,
                otherwise=other_ways(probe),
            ).keep()

    def _dialer(self, probe: Probe, route: Route | None) -> Dialer | None:
        """Return what connects to the replicas; None if nothing can and the probe needs none."""
        if route is None:
            return None
        try:
            return self._dialers.for_route(route)
        except Refused:
            if isinstance(probe, AddressProbe):
                raise
            return None

    def _asked(
        self, replica: Replica, route: Route | None, probe: Probe, pipes: OpenPipes
    ) -> Asked:
        address = route.address(replica) if route else ""
        return Asked(replica, Attempt(probe, replica.id, address, self._door, pipes))


def _discard(event: Event) -> None:
    del event
