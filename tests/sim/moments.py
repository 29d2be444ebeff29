"""At which moment of a rollout something happens, so that a test can strike there."""

from __future__ import annotations

from tests.sim.world import Sim


def moment(sim: Sim, begins: str, service: str = "app") -> int:
    """The number of the first moment with such a name in a rollout that goes well."""
    sim.update(service)
    return next(n for n, told in enumerate(sim.faults.told, 1) if told.startswith(begins))
