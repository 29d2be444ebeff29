"""A whole simulated stack: what runs at the beginning, and runs of composeroll that may break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from composeroll.config.project import Project, read_project
from composeroll.config.settings import Order
from composeroll.model import ContainerState, Replica, Server, Upstream
from composeroll.nginx.include import render_include
from composeroll.report.events import Event, Planned
from composeroll.rollout.detached_replica import read_detached
from composeroll.rollout.lock.note import LEASE, Intent
from tests.sim.clock import VirtualClock
from tests.sim.compose import Engine
from tests.sim.containers import Box
from tests.sim.edge import NGINX, Edge
from tests.sim.faults import Fault, Faults
from tests.sim.images import SOUND, Behaviour, Images
from tests.sim.interference import Move
from tests.sim.judge import Judge
from tests.sim.ledger import Ledger
from tests.sim.locks import EngineLocks
from tests.sim.nginx import Gateway, Gateways
from tests.sim.readiness import answers
from tests.sim.runs import Life, Run, Verb
from tests.sim.survey import include_of

PROJECT = "shop"

render_once = cache(render_include)


class Sim:
    """A compose project with gateways, everything in memory.

    Attributes:
        events: what the last run told.
        failure: what the last run raised.
        moved: how often the world has moved in each way.
        moved_at: when it did so last.
        runs: how many runs there were.
        upstreams: the services that nginx has an upstream for.
    """

    def __init__(self, services: Mapping[str, Mapping[str, Any]], *, gateways: int = 1) -> None:
        self.project: Project = _project(services)
        self.judge = Judge()
        self.faults = Faults(self.judge.look)
        self.clock = VirtualClock(self.faults)
        self.images = Images(self.project, self.faults)
        self.engine = Engine(self.project, self.clock, self.faults, self.images, self.judge)
        self.gateways = Gateways(self.clock, self.judge, self._owner)
        self.locks = EngineLocks(self.clock, self.faults)
        self.ledger = Ledger(self.faults)
        self.events: list[Event] = []
        self.failure: BaseException | None = None
        self.moved: Counter[Move] = Counter()
        self.moved_at = 0.0
        self.runs = 0
        self.upstreams: set[str] = set()
        self.edge = Edge(self) if NGINX in services else None
        for number in range(1, 0 if self.edge else gateways + 1):
            self.gateways.boot(Gateway(f"gateway-{number}", {}))
        self._brief_judge()

    def write(self, services: Mapping[str, Mapping[str, Any]]) -> None:
        """Somebody writes the compose file anew; what its containers are made from stays."""
        self.project = _project(services)
        self.engine.read(self.project)
        self.images.read(self.project)
        self.judge.gaps = self._gaps()

    def run(self, service: str, replicas: int = 1, behaviour: Behaviour = SOUND) -> None:
        """Have replicas of a service run, proven, as if it had always been so."""
        self.images.push(service, f"{service}-v1", behaviour)
        self.images.fetch(service)
        for _ in range(replicas):
            box = self.engine.make(service)
            self.engine.start_now(box)
            box.proven = box.running
        if not behaviour.exits:
            self.judge.capacity[service] = replicas

    def wire(self, *services: str) -> None:
        """Put the running replicas of these services into every gateway's upstreams."""
        for service in services:
            boxes = [b for b in self.engine.of(service) if b.running]
            self.tell(service, [f"{b.ip}:9000" for b in boxes])

    def tell(self, service: str, addresses: list[str]) -> None:
        """Make every gateway start anew with an upstream of exactly these addresses."""
        self.upstreams.add(service)
        text = self.include(service, addresses)
        for gateway in self.gateways.all.values():
            gateway.files[include_of(service)] = text
            self.gateways.boot(gateway)

    def include(self, service: str, addresses: list[str]) -> str:
        """The include that names these addresses."""
        upstream = Upstream(service, tuple(map(Server, addresses)), (f"zone {service} 256k",))
        return render_once(upstream, PROJECT, service)

    def update(self, *services: str, force: bool = False, fault: Fault | None = None) -> str:
        """Run one update; how it ended, as an outcome or as the name of what was raised."""
        verb = Verb.FORCE if force else Verb.UPDATE
        return self.do(Run(services, verb, faults=[fault] if fault else []))

    def do(self, run: Run) -> str:
        """One run alone; how it ended."""
        self.let_leases_end()
        life = self._begin(run)
        self.faults.plan(life.process)
        self.judge.count()
        self.judge.look()
        life.live()
        self._end(life)
        return life.end

    def race(self, seed: int, runs: Sequence[Run]) -> tuple[str, ...]:
        """Several runs side by side, in an order that the seed decides; how each ended."""
        self.let_leases_end()
        lives = [self._begin(run) for run in runs]
        self.judge.count()
        self.clock.turns.race(seed, [(life.process, life.live) for life in lives])
        for life in lives:
            self._end(life)
        return tuple(life.end for life in lives)

    def let_leases_end(self) -> None:
        """What an ended run has left is nobody's by then."""
        if self.locks.all:
            self.let_pass(LEASE + 1)

    def let_pass(self, seconds: float) -> None:
        """Let time pass in which no run is at work."""
        self.clock.pass_until(self.clock.now() + seconds, lambda: False)

    def plan(self, *services: str) -> str:
        """What an update would do, as text."""
        life = self._begin(Run(services))
        self.faults.plan(life.process)
        life.foresee()
        self._end(life)
        return self.planned

    @property
    def planned(self) -> str:
        """The first plan of the last run."""
        return next(e.text for e in self.events if isinstance(e, Planned))

    def _begin(self, run: Run) -> Life:
        self.runs += 1
        return Life(self, run, self.runs)

    def _end(self, life: Life) -> None:
        """Nobody may have caught what the judge said, or a bug: `apply` tells it as a failure."""
        self.events, self.failure = life.events, life.failure
        if "an error in composeroll itself" in str(life.failure) and not self.judge.broken:
            raise AssertionError(str(life.failure)) from life.failure
        if self.judge.broken:
            raise AssertionError("; ".join(self.judge.broken)) from life.failure

    def _brief_judge(self) -> None:
        judge = self.judge
        judge.gateways = lambda: list(self.gateways.all.values())
        judge.boxes = lambda: list(self.engine.boxes.values())
        judge.process = lambda: self.faults.process
        judge.answers = lambda box: answers(box, self.images, self.clock)
        judge.gaps = self._gaps()
        if not self.edge:
            self.engine.gateways = lambda: tuple(map(_running, self.gateways.all))
        self.engine.on_look = self._list_what_may_go
        self.gateways.on_look = self.engine.tell_of_top
        self.locks.on_intent = self._allow_what_is_wanted

    def _list_what_may_go(self, services: Sequence[str] | None) -> None:
        """A run may remove what it saw to be outdated or down; `--force`, all it saw at first."""
        process = self.faults.process
        seen = self.project.services if services is None else services
        process.looked |= dict.fromkeys(seen, self.judge.moves)
        rolled = process.rolled or frozenset()
        boxes = [
            box
            for box in self.engine.boxes.values()
            if box.service in rolled and box.id not in process.listed
        ]
        every = (process.forces and not process.has_looked) or process.scales
        process.listed |= {b.id for b in boxes if every or self._is_due(b, rolled)}
        process.listed |= self.locks.remembered()
        process.listed |= {b.id for b in boxes if read_detached(b.replica())}
        if not process.has_written:
            process.stale = self.judge.stale()
        if not process.has_looked:
            process.began = self.judge.moves
        process.has_looked = True

    def _allow_what_is_wanted(self, intent: Intent) -> None:
        """What a scale has written down comes true, if not by itself then by the next run."""
        process = self.faults.process
        if process.count is not None and intent.wanted:
            self.judge.allow(process.rolled or (), process.count)

    def _is_due(self, box: Box, rolled: AbstractSet[str]) -> bool:
        sources = set(self.project.services[box.service].volumes_from)
        return bool(not box.running or sources & rolled or self.engine.is_outdated(box))

    def _gaps(self) -> AbstractSet[str]:
        return {name for name in self.project.services if self._may_gap(name)}

    def _may_gap(self, name: str) -> bool:
        service = self.project.services[name]
        stops_first = service.settings.order is Order.STOP_FIRST
        return stops_first or service.has_container_name or self._holds_data(name)

    def _holds_data(self, name: str) -> bool:
        return bool(self.project.sharing_volumes_of(name))

    def _owner(self, ip: str) -> Box | None:
        return next((b for b in self.engine.boxes.values() if ip and b.ip == ip), None)


def _project(services: Mapping[str, Mapping[str, Any]]) -> Project:
    model = {name: {"image": f"registry/{name}:1", **raw} for name, raw in services.items()}
    return read_project({"name": PROJECT, "services": model}, [])


def _running(gateway: str) -> Replica:
    return Replica(gateway, gateway, "nginx", 1, "sha256:nginx", ContainerState.RUNNING)
