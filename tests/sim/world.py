"""A whole simulated stack: what runs at the beginning, and updates of it that may break."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from composeroll.config.project import Project, read_project
from composeroll.config.settings import Order
from composeroll.errors import ComposerollError
from composeroll.model import Server, Upstream
from composeroll.nginx.include import render_include
from composeroll.report.events import Event, Outcome, Planned, StepStarted
from composeroll.rollout.lock.note import LEASE
from composeroll.rollout.stack import Stack
from composeroll.rollout.update import Wanted, update
from composeroll.rollout.world import World
from tests.sim.clock import VirtualClock
from tests.sim.compose import Engine
from tests.sim.containers import Box
from tests.sim.faults import Fault, Faults, Killed
from tests.sim.images import SOUND, Behaviour, Images
from tests.sim.judge import Judge
from tests.sim.locks import EngineLocks, locks_of_run
from tests.sim.nginx import Gateway, Gateways
from tests.sim.readiness import Readiness
from tests.sim.survey import Survey, include_of

PROJECT = "shop"

render_once = cache(render_include)


class Sim:
    """A compose project with gateways, everything in memory.

    Attributes:
        events: what the last update told.
        failure: what the last update raised.
    """

    def __init__(self, services: Mapping[str, Mapping[str, Any]], *, gateways: int = 1) -> None:
        model = {name: {"image": f"registry/{name}:1", **raw} for name, raw in services.items()}
        self.project: Project = read_project({"name": PROJECT, "services": model}, [])
        self.judge = Judge()
        self.faults = Faults(self.judge.look)
        self.clock = VirtualClock(self.faults)
        self.images = Images(self.project, self.faults)
        self.engine = Engine(self.project, self.clock, self.faults, self.images, self.judge)
        self.gateways = Gateways(self.clock, self.faults, self.judge, self._owner)
        self.readiness = Readiness(self.engine, self.clock, self.images)
        self.locks = EngineLocks(self.clock, self.faults)
        self.survey = Survey(self.gateways, self.faults)
        self.events: list[Event] = []
        self.failure: BaseException | None = None
        for number in range(1, gateways + 1):
            self.gateways.boot(Gateway(f"gateway-{number}", {}))
        self.judge.gateways = lambda: list(self.gateways.all.values())
        self.judge.boxes = lambda: list(self.engine.boxes.values())
        self.judge.gaps = {s.name for s in self.project.services.values() if self._may_gap(s.name)}

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
        text = self.include(service, addresses)
        for gateway in self.gateways.all.values():
            gateway.files[include_of(service)] = text
            gateway.workers.clear()
            self.gateways.boot(gateway)

    def include(self, service: str, addresses: list[str]) -> str:
        """The include that names these addresses."""
        upstream = Upstream(service, tuple(map(Server, addresses)), (f"zone {service} 256k",))
        return render_once(upstream, PROJECT, service)

    def update(self, *services: str, force: bool = False, fault: Fault | None = None) -> str:
        """Run one update; how it ended, as an outcome or as the name of what was raised."""
        self.faults.plan(fault)
        self.gateways.forget()
        self.locks.begin()
        if self.locks.all:  # what an ended run has left is nobody's by now
            self.clock.pass_until(self.clock.now() + LEASE + 1, lambda: False)
        self.engine.run += 1
        self.events, self.failure = [], None
        self._brief_judge(services, force=force)
        try:
            return self._update(Wanted(services, force=force)).value
        except (ComposerollError, Killed) as failure:
            self.failure = failure
            return type(failure).__name__
        finally:
            self._confirm_unbroken()

    def plan(self, *services: str) -> str:
        """What an update would do, as text."""
        self._update(Wanted(services, dry_run=True))
        return self.planned

    @property
    def planned(self) -> str:
        """The first plan of the last update."""
        return next(e.text for e in self.events if isinstance(e, Planned))

    def _update(self, wanted: Wanted) -> Outcome:
        locks = locks_of_run(self.locks, PROJECT, self.engine.run, self.clock, self._emit)
        world = World(
            project=PROJECT,
            engine=self.engine,
            gateways=self.gateways,
            readiness=self.readiness,
            events=self.engine.events,
            clock=self.clock,
            emit=self._emit,
            shield=self.faults.shield,
            lock=locks,
        )
        stack = Stack(
            project=self.project,
            engine=self.engine,
            images=self.images,
            survey=self.survey,
            world=world,
            locate=".".join,
            locks=locks,
        )
        return update(stack, wanted)

    def _emit(self, event: Event) -> None:
        self.faults.alive()
        self.events.append(event)
        self.judge.hear(event)
        if isinstance(event, StepStarted):
            self.faults.moment(f"begin: {event.step}")

    def _brief_judge(self, services: tuple[str, ...], *, force: bool) -> None:
        """Say what this update may do: the images that it will find are known beforehand."""
        self.judge.rolled = set(services)
        boxes = [b for b in self.engine.boxes.values() if b.service in services]
        self.judge.leaving = {b.id for b in boxes if force or self._is_due(b.id)}
        self.judge.look()

    def _is_due(self, container: str) -> bool:
        box = self.engine.boxes[container]
        sources = set(self.project.services[box.service].volumes_from)
        outdated = box.image != self.images.newest(box.service)
        outdated |= box.definition != self.engine.definitions[box.service]
        return outdated or not box.running or bool(sources & self.judge.rolled)

    def _may_gap(self, name: str) -> bool:
        service = self.project.services[name]
        named = any(o.key == "container_name" for o in service.obstacles)
        return service.settings.order is Order.STOP_FIRST or named or self._holds_data(name)

    def _holds_data(self, name: str) -> bool:
        return bool(self.project.sharing_volumes_of(name))

    def _owner(self, ip: str) -> Box | None:
        return next((b for b in self.engine.boxes.values() if ip and b.ip == ip), None)

    def _confirm_unbroken(self) -> None:
        """Nobody may have caught what the judge said."""
        if self.judge.broken:
            raise AssertionError("; ".join(self.judge.broken))
