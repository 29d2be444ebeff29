"""Stacks, images and faults of any kind: the judge watches, and running again ends it well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.sim.faults import Fault, Kind
from tests.sim.finished import finished, ids
from tests.sim.images import Behaviour
from tests.sim.stacks import EXITING, ours
from tests.sim.world import Sim

RUNS = 200
"""About four seconds of one core; the same ones every time."""

LONG = 60.0
"""Seconds after which everything that dies by itself has died."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One service: how many replicas, whether nginx knows it, whether it has code of its own."""

    replicas: int
    wired: bool
    code: bool
    batch: int | str
    monitor: str
    declared: bool


shapes = st.builds(
    Shape,
    replicas=st.integers(1, 4),
    wired=st.booleans(),
    code=st.booleans(),
    batch=st.sampled_from(["all", 1, 2, "50%"]),
    monitor=st.sampled_from(["0s", "1s"]),
    declared=st.booleans(),
)
faults = st.lists(
    st.builds(Fault, st.integers(1, 90), st.sampled_from(Kind), st.booleans()), max_size=3
)
behaviours = st.builds(
    Behaviour,
    ready_after=st.sampled_from([0.0, 0.3, 5.0, None]),
    dies_after=st.sampled_from([None, 0.0, 0.2, 0.5, 1.0, 6.0]),
)


def stack(kinds: list[Shape], gateways: int) -> Sim:
    """A project with a service of each of these shapes, and its code beside it."""
    raw: dict[str, dict[str, Any]] = {"other": {}}
    for name, kind in named(kinds).items():
        raw[name] = ours(batch=kind.batch, monitor=kind.monitor)
        raw[name] |= {"scale": kind.replicas} if kind.declared else {}
        if kind.code:
            raw[name]["volumes_from"] = [f"code-of-{name}"]
            raw[f"code-of-{name}"] = {}
    sim = Sim(raw, gateways=gateways)
    for name, kind in named(kinds).items():
        if kind.code:
            sim.run(f"code-of-{name}", 1, EXITING)
        sim.run(name, kind.replicas)
        sim.wire(*[name] if kind.wired else [])
    sim.run("other")
    sim.wire("other")
    return sim


def named(kinds: list[Shape]) -> dict[str, Shape]:
    """The services by name."""
    return {f"service-{place}": kind for place, kind in enumerate(kinds)}


@settings(
    max_examples=RUNS, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(st.lists(shapes, min_size=1, max_size=3), st.integers(1, 3), behaviours, faults)
@example([Shape(2, True, False, "all", "0s", False)], 2, Behaviour(), [Fault(17, Kind.FAIL, True)])  # noqa: FBT003 - a row of a table
def test_whatever_breaks_in_the_end_all_replicas_are_new_and_nothing_is_left(
    kinds: list[Shape], gateways: int, sick: Behaviour, breaks: list[Fault]
) -> None:
    sim = stack(kinds, gateways)
    rolled = [name for name in sim.project.services if name != "other"]
    bystander = ids(sim, "other")
    sim.images.push("service-0", "service-0-sick", sick)
    for fault in [*breaks, None]:
        sim.update(*rolled, fault=fault)
    for name in rolled:
        sim.images.push(name, f"{name}-sound", EXITING if name.startswith("code") else Behaviour())
    sim.clock.pass_until(sim.clock.now() + LONG, lambda: False)
    assert sim.update(*rolled) in ("updated", "up to date"), sim.failure
    assert sim.update(*rolled) == "up to date"
    for name, kind in named(kinds).items():
        assert len(sim.engine.of(name)) == kind.replicas
        assert {b.image for b in sim.engine.of(name)} == {sim.images.newest(name)}
        if kind.wired:
            addresses = {f"{b.ip}:9000" for b in sim.engine.of(name)}
            for gateway in sim.gateways.all.values():
                assert set(gateway.current.told[name]) == addresses
    assert ids(sim, "other") == bystander
    finished(sim, "other", 1)
