"""At which moment of a rollout something happens, so that a test can strike there."""

from __future__ import annotations

from tests.sim.runs import Run, Verb
from tests.sim.world import Sim


def moment(sim: Sim, begins: str, service: str = "app", verb: Verb = Verb.UPDATE) -> int:
    """The number of the first moment with such a name in a run that goes well."""
    sim.do(Run((service,), verb))
    return next(n for n, what in enumerate(sim.faults.trace, 1) if what.startswith(begins))
