"""Whole histories: a project, what is asked of it, what goes wrong meanwhile, and how it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from composeroll.config.project import reference_of
from composeroll.config.settings import Batch
from tests.sim.containers import Box
from tests.sim.edge import NGINX
from tests.sim.faults import HANGS, Kind
from tests.sim.figures import Figures
from tests.sim.finished import names_what_answers
from tests.sim.images import Behaviour
from tests.sim.interference import REMOVING, Move
from tests.sim.runs import Run, Verb
from tests.sim.stacks import EXITING, ours
from tests.sim.survey import include_of
from tests.sim.world import PROJECT, Sim

LONG = 60.0
"""Seconds after which everything that dies by itself has died."""

MENDED = 30.0
"""Seconds after which a watch has mended whatever the world has moved."""

ALONE = ("other", "edge")
"""Services that nobody rolls."""

KEEP = 2
"""Images kept for a rollback here."""

DRAINS: dict[str, dict[str, Any]] = {
    "wait": {},
    "briefly": {"timeout": "3s"},
    "cut": {"timeout": "5s", "long_connections": "cut", "long_after": "1s"},
    "detach": {"timeout": "20s", "detach": True},
}
"""How a service may have its old replicas drained, by a name."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One service: how many replicas, whether nginx knows it, whether it has code of its own.

    Attributes:
        drain: a key of `DRAINS`.
        named: whether it has a `container_name`, so that there can only be one.
    """

    replicas: int = 2
    wired: bool = True
    code: bool = False
    batch: int | str = "all"
    monitor: str = "0s"
    declared: bool = False
    order: str = "start-first"
    longest: float | None = 0.7
    drain: str = "wait"
    named: bool = False

    @property
    def count(self) -> int:
        """How many replicas there are at first."""
        return 1 if self.named else self.replicas

    def definition(self, name: str) -> dict[str, Any]:
        """What the compose file says of it."""
        order = "stop-first" if self.named else self.order
        rolls = ours(
            batch=self.batch,
            monitor=self.monitor,
            order=order,
            keep=KEEP,
            drain=DRAINS[self.drain],
        )
        declared = {"scale": self.count} if self.declared else {}
        return rolls | declared | ({"container_name": f"the-{name}"} if self.named else {})


@dataclass(frozen=True, slots=True)
class Act:
    """What is asked at one time: one run, or several that race in an order of this seed.

    Attributes:
        pushes: services that have got a new image before, and how containers of it behave.
    """

    runs: tuple[Run, ...]
    seed: int = 0
    pushes: tuple[tuple[str, Behaviour], ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """A project and what it lives through.

    Attributes:
        sick: how containers of the first new image behave.
        edge: whether nginx is a service of the project, beside an edge that holds its ports.
        websockets: whose keep the old nginx workers for ever: "own", "others", or nobody's.
        acts: what is asked, one after the other.
    """

    shapes: tuple[Shape, ...]
    gateways: int
    sick: Behaviour
    acts: tuple[Act, ...]
    edge: bool = False
    websockets: str = ""


@dataclass(slots=True)
class Play:
    """A history in the making, and its end."""

    history: History
    figures: Figures = field(default_factory=Figures)

    def perform(self) -> Figures:
        """All of it; then sound images and one more run of each service, which must be the last."""
        sim = _stack(self.history)
        rolled = tuple(name for name in sim.project.services if name not in ALONE)
        bystander = {box.id for box in sim.engine.of("other")}
        sim.images.push("service-0", "service-0-sick", self.history.sick)
        for number, act in enumerate(self.history.acts, start=1):
            for service, behaviour in act.pushes:
                sim.images.push(service, f"{service}-act-{number}", _fitting(service, behaviour))
            self._act(sim, act)
        self._end_well(sim, rolled)
        assert {box.id for box in sim.engine.of("other")} == bystander
        self.figures.add(sim)
        return self.figures

    def _act(self, sim: Sim, act: Act) -> None:
        if len(act.runs) == 1:
            ends: Sequence[str] = (_kept_its_word(sim, act.runs[0]),)
        else:
            ends = sim.race(act.seed, act.runs)
            self.figures.races += 1
        self.figures.ends.update(ends)

    def _end_well(self, sim: Sim, rolled: tuple[str, ...]) -> None:
        for name in rolled:
            sound = EXITING if name.startswith("code") else Behaviour()
            sim.images.push(name, f"{name}-sound", sound)
        for _ in ("to the end", "what has drained since"):
            sim.let_pass(LONG)
            end = sim.update(*rolled)
            assert end in ("updated", "up to date"), (end, sim.failure)
        assert sim.update(*rolled) == "up to date", sim.planned
        for name in rolled:
            _is_right(sim, name)
            _is_as_many(sim, name, self.history)
        assert not sim.locks.all


def _kept_its_word(sim: Sim, run: Run) -> str:
    """One run alone; what it says of its end is so, where no other one broke off before it."""
    began_well = not sim.locks.all
    before = {name: _running(sim, name) for name in run.services}
    began = sim.clock.now()
    end = sim.do(run)
    hung = HANGS * sum(fault.kind is Kind.HANG for fault in sim.faults.process.struck)
    # a watch that is told to end while its first question hangs has never looked
    calm = sim.clock.now() > max(sim.moved_at + MENDED, began) + hung
    if began_well and calm and run.verb is Verb.WATCH and end == "up to date":
        names_what_answers(sim, *run.services)
    if run.moves or not began_well:
        return end
    if end in ("updated", "up to date") and run.verb in (Verb.UPDATE, Verb.FORCE):
        for name in run.services:
            held = f"composeroll-kept/{PROJECT}:{name}.held-back" in sim.images.here
            new = {sim.images.newest(name)}
            assert held or {b.image for b in _serving(sim, name)} == new, (run, name)
    if end in ("RolledBack", "Interrupted", "Refused", "Locked"):
        batches = {sim.project.services[name].settings.batch for name in run.services}
        for name in run.services if batches == {Batch()} else ():
            assert _running(sim, name) >= before[name], (run, end, name)
    return end


def _running(sim: Sim, service: str) -> int:
    """But for those that are about to die by themselves."""
    boxes = (b for b in _serving(sim, service) if b.running)
    return sum(sim.images.behaviour(b.image).dies_after is None for b in boxes)


def _serving(sim: Sim, service: str) -> list[Box]:
    """But for those that are left to drain on."""
    return [box for box in sim.engine.of(service) if not box.detached]


def _fitting(service: str, behaviour: Behaviour) -> Behaviour:
    """Code exits; an nginx that dies when it serves alone leaves nobody, whoever rolled it."""
    if service.startswith("code"):
        return EXITING
    return replace(behaviour, dies_after=None) if service == NGINX else behaviour


def named(shapes: Sequence[Shape]) -> Iterator[tuple[str, Shape]]:
    """The services by name."""
    return ((f"service-{place}", shape) for place, shape in enumerate(shapes))


def services_of(shapes: Sequence[Shape], *, edge: bool) -> tuple[str, ...]:
    """All that may be rolled: code first where there is any, and nginx last."""
    behind = tuple(
        name
        for service, shape in named(shapes)
        for name in ([f"code-of-{service}", service] if shape.code else [service])
    )
    return (*behind, NGINX) if edge else behind


def _stack(history: History) -> Sim:
    raw: dict[str, dict[str, Any]] = {"other": {}}
    for name, shape in named(history.shapes):
        raw[name] = shape.definition(name)
        if shape.code:
            raw[name]["volumes_from"] = [f"code-of-{name}"]
            raw[f"code-of-{name}"] = ours(keep=KEEP)
    if history.edge:
        raw |= {"edge": {}, NGINX: {"network_mode": "service:edge"} | ours(keep=KEEP)}
    sim = Sim(raw, gateways=history.gateways)
    if history.edge:
        sim.run("edge")
        sim.run(NGINX, history.gateways)
    for name, shape in named(history.shapes):
        if shape.code:
            sim.run(f"code-of-{name}", 1, EXITING)
        sim.run(name, shape.count)
        sim.wire(*[name] if shape.wired else [])
    sim.run("other")
    sim.wire("other")
    for gateway in sim.gateways.all.values():
        gateway.longest = history.shapes[0].longest
        gateway.websockets = bool(history.websockets)
        gateway.own_websockets = history.websockets == "own"
    return sim


def _is_right(sim: Sim, name: str) -> None:
    """Every container is new and works, every upstream names exactly these, no tag is left over."""
    boxes = sim.engine.of(name)
    assert {b.image for b in boxes} == {sim.images.newest(name)}, name
    addresses = {f"{b.ip}:9000" for b in boxes}
    for gateway in sim.gateways.all.values():
        if include_of(name) in gateway.files:
            assert all(b.running for b in boxes)
            assert set(sim.gateways.meaning(gateway)[name]) == addresses
            assert set(gateway.current.servers[name]) == addresses
    kept = {
        image
        for tag, image in sim.images.here.items()
        if tag.startswith(f"composeroll-kept/{PROJECT}:{name}.") and "held" not in tag
    }
    assert len(kept) <= KEEP, kept
    assert sim.images.here[reference_of(sim.project, sim.project.services[name])] in kept


def _is_as_many(sim: Sim, name: str, history: History) -> None:
    boxes = sim.engine.of(name)
    shape = dict(named(history.shapes)).get(name, Shape(1))
    shape = Shape(history.gateways) if name == NGINX else shape
    runs = [run for act in history.acts for run in act.runs if name in run.services]
    asked = {run.count for run in runs if run.verb is Verb.SCALE}
    meddled = sum((Counter(sim.moved)[move] for move in (*REMOVING, Move.REBOOT)), 0)
    if meddled:
        assert boxes
        return
    assert len(boxes) in {shape.count, *asked}, (name, len(boxes), shape.count, asked)
    in_the_way = min(box.number for box in boxes) <= len(boxes)
    assert (
        asked
        or in_the_way
        or shape.named
        or sorted(b.name for b in boxes)
        == [f"{PROJECT}-{name}-{place + 1}" for place in range(len(boxes))]
    )
