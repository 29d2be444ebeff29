"""Proof in virtual time."""

from __future__ import annotations

from collections.abc import Sequence

from composeroll.config.settings import Ready
from composeroll.errors import NotReady
from composeroll.model import Replica, Route
from tests.sim.clock import VirtualClock
from tests.sim.compose import Engine
from tests.sim.containers import Box
from tests.sim.images import Images


class Readiness:
    """Answers to `composeroll.rollout.world.Readiness`."""

    def __init__(self, engine: Engine, clock: VirtualClock, images: Images) -> None:
        self._engine = engine
        self._clock = clock
        self._images = images

    def await_ready(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> None:
        """Ask all of them every `interval` until all have answered."""
        del route
        end = self._clock.now() + settings.timeout
        boxes = [self._engine.boxes[replica.id] for replica in replicas]
        while waiting := [box for box in boxes if not self._answers(box)]:
            fallen = [box for box in waiting if not box.running]
            if fallen or self._clock.now() >= end:
                first = (fallen or waiting)[0]
                raise NotReady(f"{first.name} is not ready", evidence=("its last words",))
            self._clock.wait(settings.interval)

    def ready_among(
        self, replicas: Sequence[Replica], route: Route | None, settings: Ready
    ) -> tuple[Replica, ...]:
        """Those that have answered within the timeout."""
        del route
        end = self._clock.now() + settings.timeout
        boxes = {r.id: self._engine.boxes[r.id] for r in replicas}
        while self._clock.now() < end and not all(map(self._answers, boxes.values())):
            self._clock.wait(settings.interval)
        return tuple(r for r in replicas if self._answers(boxes[r.id]))

    def _answers(self, box: Box) -> bool:
        after = self._images.behaviour(box.image).ready_after
        if not box.running or after is None or self._clock.now() < box.started + after:
            return False
        box.proven = True
        return True
