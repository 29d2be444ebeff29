"""Wait until an nginx accepts connections."""

from __future__ import annotations

from composeroll.config.durations import format_duration
from composeroll.errors import NotReady
from composeroll.model import Replica
from composeroll.report.wording import fix_text
from composeroll.rollout.steps.sets import died, last_words
from composeroll.rollout.world import World

POLL = 0.05
"""Seconds between two checks of nginx's processes; one check costs the engine about 30 ms."""


def await_serving(world: World, container: str, service: str, timeout: float) -> Replica:
    """Wait until a gateway's nginx has workers that accept; return its container as it is then.

    Raises:
        NotReady: it ended, is gone, or has none after `timeout` seconds.
    """
    end = world.clock.now() + timeout
    while True:
        found = world.nginx.find(container)
        if found is None:
            raise NotReady(f"container {container[:12]} was removed by another process")
        if not found.running:
            raise died(world, service, [found])  # `service` since a stand-in has no service itself
        if world.nginx.serves(found):
            return found
        if world.clock.now() >= end:
            waited = format_duration(timeout)
            what = f"no nginx accepts connections in {found.name} after {waited}"
            raise NotReady(what, None, fix_text(service, found.image), last_words(world, found))
        world.clock.wait(POLL)
