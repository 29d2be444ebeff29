"""How Hypothesis draws histories."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.sim.edge import NGINX
from tests.sim.faults import Fault, Kind
from tests.sim.histories import DRAINS, Act, History, Shape, services_of
from tests.sim.images import Behaviour
from tests.sim.interference import Move
from tests.sim.runs import Moved, Run, Verb

MOMENTS = st.one_of(st.integers(1, 150), st.integers(100, 500))
"""A rollout of two services has some 200, and more where a drain takes longer."""

shapes = st.builds(
    Shape,
    replicas=st.integers(1, 4),
    wired=st.booleans(),
    code=st.booleans(),
    batch=st.sampled_from(["all", 1, 2, "50%"]),
    monitor=st.sampled_from(["0s", "1s"]),
    declared=st.booleans(),
    order=st.sampled_from(["start-first"] * 4 + ["stop-first"]),
    longest=st.sampled_from([0.7, 0.7, 5.0, None]),
    drain=st.sampled_from(["wait", *DRAINS]),
    named=st.sampled_from([False] * 5 + [True]),
)
EARLY = st.integers(1, 30)
"""A watch that finds nothing to mend waits for most of its time."""

faults = st.builds(Fault, MOMENTS, st.sampled_from(Kind), st.booleans())
behaviours = st.builds(
    Behaviour,
    ready_after=st.sampled_from([0.0, 0.3, 5.0, None]),
    dies_after=st.sampled_from([None, None, 0.0, 0.2, 0.5, 1.0, 6.0]),
    errs=st.sampled_from([0.0, 0.0, 0.02, 0.5]),
)
OTHERS = [Verb.FORCE, Verb.SYNC, Verb.WATCH, Verb.SCALE, Verb.ROLLBACK]
verbs = st.sampled_from([Verb.UPDATE] * 5 + OTHERS)
OF_SEVERAL = (Verb.UPDATE, Verb.FORCE, Verb.SYNC, Verb.WATCH)
"""The verbs that take services of all kinds, and more than one."""


@st.composite
def _runs(draw: st.DrawFn, services: tuple[str, ...], *, edge: bool) -> Run:
    verb = draw(verbs)
    named = draw(st.sampled_from([services, services[-1:], services[:2]]))
    fixed = ("code", NGINX)
    scalable = tuple(name for name in named if not name.startswith(fixed)) or ("service-0",)
    watches = verb is Verb.WATCH
    meddled = not edge and (watches or draw(st.integers(0, 3)) == 0)
    moments = EARLY if watches else MOMENTS
    moves = st.builds(Moved, moments, st.sampled_from(Move), st.integers(0, 999))
    return Run(
        services=named if verb in OF_SEVERAL else scalable,
        verb=verb,
        count=draw(st.integers(1, 4)),
        lasts=draw(st.sampled_from([10.0, 60.0, 60.0])),
        patience=draw(st.sampled_from([0.0, 0.0, 200.0])),
        faults=draw(st.lists(faults, max_size=2)),
        moves=draw(st.lists(moves, min_size=watches, max_size=2)) if meddled else [],
    )


@st.composite
def _acts(draw: st.DrawFn, services: tuple[str, ...], *, edge: bool) -> Act:
    runs = _runs(services, edge=edge)
    race = draw(st.integers(0, 2)) == 0
    return Act(
        runs=tuple(draw(st.lists(runs, min_size=2, max_size=3)) if race else [draw(runs)]),
        seed=draw(st.integers(0, 9999)) if race else 0,
        pushes=tuple(draw(st.lists(st.tuples(st.sampled_from(services), behaviours), max_size=2))),
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Any history."""
    kinds = tuple(draw(st.lists(shapes, min_size=1, max_size=3)))
    edge = draw(st.integers(0, 3)) == 0
    acts = _acts(services_of(kinds, edge=edge), edge=edge)
    return History(
        shapes=kinds,
        gateways=draw(st.integers(1, 3)),
        sick=draw(behaviours),
        edge=edge,
        websockets=draw(st.sampled_from(["", "", "", "others", "own"])),
        acts=tuple(draw(st.lists(acts, min_size=1, max_size=3))),
    )
