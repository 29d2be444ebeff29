"""An nginx that is restarted in the middle of a rollout begins with names, whatever it was told."""

from __future__ import annotations

from tests.sim.images import SICK
from tests.sim.interference import Move
from tests.sim.runs import Moved, Run
from tests.sim.stacks import ours
from tests.sim.world import Sim


def beside_a_gap() -> Sim:
    """Two services, the second of which stops first and does not come up again."""
    sim = Sim({"app": ours(), "api": ours(order="stop-first")})
    for service in ("app", "api"):
        sim.run(service, 1)
    sim.images.push("app", "app-v2")
    sim.images.push("api", "api-v2", SICK["never ready"])
    sim.wire("app", "api")
    return sim


def test_what_is_taken_back_is_not_meant_by_a_name_that_anothers_reload_has_read() -> None:
    whole = beside_a_gap()
    assert whole.do(Run(("app", "api"))) == "RolledBack"
    trace = whole.faults.trace
    proven = next(n for n, what in enumerate(trace) if what.startswith("begin: await api"))
    for number in range(trace.index("look at nginx in gateway-1"), proven):
        sim = beside_a_gap()
        assert sim.do(Run(("app", "api"), moves=[Moved(number, Move.NGINX_BOOTS)])) == "RolledBack"
