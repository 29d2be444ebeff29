"""The fake engine: what composeroll does to single containers, by full ID."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from composeroll.errors import EngineError
from composeroll.model import ContainerEvent, ContainerState, Hook, Output, Replica
from tests.sim.clock import VirtualClock
from tests.sim.containers import Box, free_address
from tests.sim.faults import Faults
from tests.sim.images import Images
from tests.sim.judge import Judge

NOT_JOINED = "cannot join network"


class Stream:
    """Answers to `EventStream`: events since it was opened, in virtual time."""

    def __init__(self, clock: VirtualClock, faults: Faults) -> None:
        self.waiting: deque[ContainerEvent] = deque()
        self._clock = clock
        self._faults = faults

    def next(self, timeout: float) -> ContainerEvent | None:
        """The next event, or None after `timeout`."""
        self._faults.moment("wait for an event")
        if not self.waiting:
            end = self._clock.now() + timeout
            self._clock.pass_until(end, lambda: bool(self.waiting))
        return self.waiting.popleft() if self.waiting else None


def _nothing(box: Box) -> None:
    del box


class Containers:
    """Containers one by one. `composeroll.rollout.engine.Engine` without compose's part."""

    def __init__(self, clock: VirtualClock, faults: Faults, images: Images, judge: Judge) -> None:
        self.on_look: Callable[[Sequence[str] | None], None] = lambda _: None
        self.on_start: Callable[[Box], None] = _nothing
        self.on_end: Callable[[Box], None] = _nothing
        self.gateways: Callable[[], tuple[Replica, ...]] = tuple
        self.boxes: dict[str, Box] = {}
        self.volumes: set[str] = set()
        self.published: set[str] = set()
        self._clock = clock
        self._faults = faults
        self._images = images
        self._judge = judge
        self._streams: list[Stream] = []

    def replicas(self, services: Sequence[str] | None = None) -> tuple[Replica, ...]:
        """In all states, by service and number."""
        self._faults.ask("read containers")
        self.on_look(services)
        if services == ["nginx"] and self.gateways():
            return self.gateways()
        project = [b for b in self.boxes.values() if b.service]
        found = [b for b in project if services is None or b.service in services]
        return tuple(b.replica() for b in sorted(found, key=lambda b: (b.service, b.number)))

    def names(self) -> frozenset[str]:
        """All names."""
        self._faults.ask("read names")
        return self._names()

    def _names(self) -> frozenset[str]:
        return frozenset(box.name for box in self.boxes.values())

    def start_all(self, scales: Mapping[str, int]) -> None:
        """As somebody's `up -d --no-recreate`."""
        self.start([b.id for b in self.boxes.values() if b.service in scales])

    def run_hook(self, container: str, hook: Hook, timeout: float) -> Output:
        """No service has one here."""
        raise AssertionError((container, hook, timeout))

    def start(self, ids: Sequence[str]) -> None:
        """One that runs is fine."""
        for box in map(self._existing, ids):
            if not box.running:
                with self._faults.change(f"start {box.name}"):
                    self._insist_on(box)
                    if not box.running:
                        self._judge.may_start(box)
                        self.start_now(box)

    def start_now(self, box: Box, avoid: str = "") -> None:
        """Run it, with an address; what its image does later is put on the agenda."""
        if box.service in self.published and self._others_running(box):
            raise EngineError("Bind for 0.0.0.0:80 failed: port is already allocated")
        self._insist_on_host(box)
        behaviour = self._images.behaviour(box.image)
        box.state, box.started, box.proven = ContainerState.RUNNING, self._clock.now(), False
        box.life += 1
        box.errs = behaviour.errs
        box.ip = free_address(self.boxes.values(), avoid)
        self.on_start(box)
        self._tell("start", box)
        if behaviour.exits:
            box.restart_policy = "no"  # `always` would have it start again and again
            self._end_after(box, behaviour.lasts, behaviour.code)
            return
        begun = box.started
        if behaviour.dies_after is not None:
            self._clock.at(begun + behaviour.dies_after, lambda: self._fall(box, begun))
        if behaviour.restarts_after is not None:
            self._clock.at(begun + behaviour.restarts_after, lambda: self._bounce(box, begun))

    def _end_after(self, box: Box, seconds: float, code: int) -> None:
        begun = box.started
        if not seconds:
            self._end(box, code)
            return

        def end() -> None:
            if box.running and box.started == begun:
                self._end(box, code)

        self._clock.at(begun + seconds, end)

    def _insist_on_host(self, box: Box) -> None:
        box.error = ""
        if box.host and not self.boxes[box.host].running:
            box.error = f"{NOT_JOINED} namespace of a non running container: {box.host}"
            raise EngineError(box.error)

    def restart(self, ids: Sequence[str], grace: float) -> None:
        """Both at once, for whoever asks."""
        del grace
        for box in map(self._existing, ids):
            with self._faults.change(f"restart {box.name}"):
                self._judge.may_restart(box)
                self.stop_now(box)
                self.start_now(box)

    def stop(self, graces: Mapping[str, float | None]) -> None:
        """One that is stopped, or gone, is fine."""
        for box in self._known(list(graces)):
            if box.state in (ContainerState.RUNNING, ContainerState.RESTARTING):
                with self._faults.change(f"stop {box.name}"):
                    self._stop_if_there(box)

    def _stop_if_there(self, box: Box) -> None:
        if box.id in self.boxes and box.state is not ContainerState.EXITED:
            self._judge.may_stop(box)
            self.stop_now(box)

    def stop_now(self, box: Box) -> None:
        """End it by a signal; what has ended keeps its code."""
        if box.state is not ContainerState.EXITED:
            self._end(box, 143)

    def quit_now(self, box: Box) -> None:
        """Let it end by itself, as it was told to; a restart policy starts it again."""
        self._end(box, 0)
        if box.restart_policy == "always":
            self.start_now(box)

    def forbid_restart(self, ids: Sequence[str]) -> None:
        """One that is gone is fine."""
        for box in self._known(ids):
            with self._faults.change(f"forbid {box.name} to restart"):
                box.restart_policy = "no"

    def remove(self, ids: Sequence[str], *, volumes: bool) -> None:
        """Stopped ones only; one that is gone is fine."""
        for box in self._known(ids):
            with self._faults.change(f"remove {box.name}"):
                if box.running:
                    raise EngineError(f"cannot remove container {box.name}: it is running")
                if self.boxes.pop(box.id, None):
                    self._judge.may_remove(box)
                    self.volumes -= {box.id} if volumes else set()

    def remove_volumes(self, names: Sequence[str]) -> None:
        """Each container has an anonymous one, by the name of its ID."""
        with self._faults.change(f"remove volumes {names}"):
            self.volumes -= set(names)

    def rename(self, container: str, name: str) -> None:
        """A name that is taken is a conflict."""
        with self._faults.change(f"rename {container[:12]} to {name}"):
            if name in self._names():
                raise EngineError(f"Conflict. The container name {name} is already in use")
            self._existing(container).name = name

    def logs(self, container: str, lines: int) -> tuple[str, ...]:
        """One line, so that evidence can be seen."""
        self._faults.ask("read logs")
        return (f"the last of {lines} lines of {self._existing(container).name}",)

    @contextmanager
    def events(self) -> Iterator[Stream]:
        """A stream from now on."""
        self._faults.ask("listen to events")
        stream = Stream(self._clock, self._faults)
        self._streams.append(stream)
        try:
            yield stream
        finally:
            self._streams.remove(stream)

    def kill(self, box: Box) -> None:
        """Let a container die by itself, now."""
        self._fall(box, box.started)

    def _fall(self, box: Box, begun: float) -> None:
        if box.running and box.started == begun and box.id in self.boxes:
            self.fall_now(box)
            if box.restart_policy == "always":
                box.state = ContainerState.RESTARTING

    def _bounce(self, box: Box, begun: float) -> None:
        """Die and run again at once, at the same address."""
        if box.running and box.started == begun and box.id in self.boxes:
            self._judge.excuse(box)
            self._tell("die", box)
            box.life += 1
            self._tell("start", box)

    def fall_now(self, box: Box) -> None:
        """End it by nobody's doing."""
        self._judge.excuse(box)
        self._end(box, 1)

    def _end(self, box: Box, code: int) -> None:
        box.state, box.ip, box.exit_code = ContainerState.EXITED, "", code
        self.on_end(box)
        self._tell("die", box)

    def tell_of_top(self, gateway: str) -> None:
        """Whoever lists a container's processes hears of it, as everybody does."""
        self._spread(ContainerEvent("top", gateway, "nginx"))

    def tell_of_start(self, gateway: str) -> None:
        """An nginx that is no service of the project's file runs anew."""
        self._spread(ContainerEvent("start", gateway, "nginx"))

    def _tell(self, action: str, box: Box) -> None:
        self._spread(ContainerEvent(action, box.id, box.service))

    def _spread(self, event: ContainerEvent) -> None:
        for stream in self._streams:
            stream.waiting.append(event)

    def _others_running(self, box: Box) -> bool:
        return any(b.running for b in self.boxes.values() if b.service == box.service)

    def _known(self, ids: Sequence[str]) -> Iterator[Box]:
        """Each as it is when its turn comes: somebody else may have removed it meanwhile."""
        self._faults.alive()
        return (self.boxes[container] for container in ids if container in self.boxes)

    def _insist_on(self, box: Box) -> None:
        if box.id not in self.boxes:
            raise EngineError(f"No such container: {box.id}")

    def _existing(self, container: str) -> Box:
        self._faults.alive()
        if container not in self.boxes:
            raise EngineError(f"No such container: {container}")
        return self.boxes[container]
