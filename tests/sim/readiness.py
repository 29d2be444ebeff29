"""Proof in virtual time."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.config.settings import Ready
from composeroll.errors import NotReady
from composeroll.model import Replica, Route
from tests.sim.clock import VirtualClock
from tests.sim.compose import Engine
from tests.sim.containers import Box
from tests.sim.faults import Faults
from tests.sim.images import Images


class Readiness:
    """Answers to `composeroll.rollout.world.Readiness`."""

    def __init__(self, engine: Engine, clock: VirtualClock, images: Images, faults: Faults) -> None:
        self._engine = engine
        self._clock = clock
        self._images = images
        self._faults = faults

    def await_ready(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> None:
        """Ask all of them every `interval` until all have answered."""
        del route
        self._faults.ask("ask the replicas")
        end = self._clock.now() + settings.timeout
        while waiting := [r for r in replicas if not self.proves_itself(r)]:
            fallen = [r for r in waiting if not self._runs(r)]
            if fallen or self._clock.now() >= end:
                first = (fallen or waiting)[0]
                raise NotReady(f"{first.name} is not ready", evidence=("its last words",))
            self._clock.wait(settings.interval)

    def ready_among(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> tuple[Replica, ...]:
        """Those that have answered within the timeout."""
        del route
        self._faults.ask("ask the replicas")
        end = self._clock.now() + settings.timeout
        while self._clock.now() < end and not all(map(self.proves_itself, replicas)):
            self._clock.wait(settings.interval)
        return tuple(r for r in replicas if self.proves_itself(r))

    def _runs(self, replica: Replica) -> bool:
        box = self._engine.boxes.get(replica.id)
        return box is not None and box.running

    def proves_itself(self, replica: Replica) -> bool:
        """Whether it answers now. The address it had when it was looked up is what is asked."""
        box = self._engine.boxes.get(replica.id)
        if box is None or box.ip != replica.networks[0].ipv4:
            return False
        if not answers(box, self._images, self._clock):
            return False
        box.proven = True
        return True


def answers(box: Box, images: Images, clock: VirtualClock) -> bool:
    """Whether a container would answer a request now."""
    after = images.behaviour(box.image).ready_after
    return box.running and after is not None and clock.now() >= box.started + after
