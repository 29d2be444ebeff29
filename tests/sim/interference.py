"""What the world does of its own accord: containers die and move, operators lend a hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from composeroll.errors import EngineError
from composeroll.model import ContainerState
from tests.sim.containers import Box
from tests.sim.judge import OPERATOR
from tests.sim.process import Process
from tests.sim.survey import include_of

if TYPE_CHECKING:
    from tests.sim.nginx import Gateway
    from tests.sim.world import Sim

AWAY = 2.0
"""Seconds that an engine takes to restart."""


class Move(StrEnum):
    """What can happen in the middle of a run."""

    DIE = "a container dies and comes back"
    RESTART = "a container is restarted and has another address"
    SWAP = "two containers swap their addresses"
    REBOOT = "the engine restarts, with everything in another order"
    UP = "an operator runs `up -d`"
    SCALE = "an operator scales"
    REMOVE = "an operator removes a container"
    UNLOCK = "an operator removes the locks"
    PRUNE_CONTAINERS = "an operator prunes containers"
    PRUNE_IMAGES = "an operator prunes images"
    PRUNE_ALL_IMAGES = "an operator prunes all unused images"
    RELOAD = "somebody reloads nginx"
    NGINX = "nginx restarts with its files"
    NGINX_BOOTS = "nginx is recreated, with its boot default"


REMOVING = {Move.UP, Move.SCALE, Move.REMOVE, Move.PRUNE_CONTAINERS, Move.UNLOCK}
"""After these nobody knows how many replicas there should be: a lock that is gone forgets it."""


class Outside:
    """Moves a simulation behind everybody's back, as a number decides."""

    def __init__(self, sim: Sim) -> None:
        self._sim = sim
        self._engine = sim.engine

    def move(self, which: Move, service: str, chance: int) -> None:
        """Let it happen now."""
        faults, judge = self._sim.faults, self._sim.judge
        at_work, faults.process = faults.process, Process()
        turn, faults.turn = faults.turn, lambda: None
        judge.moves += 1
        try:
            _MOVES[which](self, service, Random(chance))  # noqa: S311 - a story to tell again
        finally:
            faults.process, faults.turn = at_work, turn
        judge.moves += 1
        self._sim.moved[which] += 1
        self._sim.moved_at = self._sim.clock.now()

    def die(self, service: str, dice: Random) -> None:
        """The engine starts it again after a moment, unless somebody forbade that."""
        for box in self._one(service, dice):
            self._engine.fall_now(box)
            if box.restart_policy == "always":
                box.state = ContainerState.RESTARTING
                self._sim.clock.at(self._sim.clock.now() + 0.5, partial(self._revive, box))

    def restart(self, service: str, dice: Random) -> None:
        """`docker restart`: the address it had is given to nobody meanwhile."""
        for box in self._one(service, dice):
            self.restart_now(box)

    def restart_now(self, box: Box) -> None:
        """This one."""
        left = box.ip
        self._engine.fall_now(box)
        self._engine.start_now(box, avoid=left)

    def swap(self, service: str, dice: Random) -> None:
        """Both stopped, and started in the other order: each has an address of its own."""
        boxes = self._engine.boxes.values()
        edges = {box.host for box in boxes}
        apart = [b for b in boxes if b.running and not b.host and b.id not in edges]
        for box in self._one(service, dice):
            others = [b for b in apart if b is not box]
            if not others or box not in apart:
                return
            other = dice.choice(others)
            ips = other.ip, box.ip
            for one in (box, other):
                self._engine.fall_now(one)
            for one, ip in zip((box, other), ips, strict=True):
                self._engine.start_now(one)
                one.ip = ip

    def reboot(self, service: str, dice: Random) -> None:
        """What has a restart policy comes back, on whatever address is free then."""
        del service
        boxes = list(self._engine.boxes.values())
        for box in boxes:
            if box.running:
                self._engine.fall_now(box)
        dice.shuffle(boxes)
        for box in boxes:
            if box.restart_policy == "always" and box.state is not ContainerState.CREATED:
                with suppress(EngineError):  # it lives in one that comes later, and is given up
                    self._engine.start_now(box)
        for gateway in self._sim.gateways.all.values():
            self._boot(gateway)
        self._sim.faults.away_until = self._sim.clock.now() + AWAY

    def up(self, service: str, dice: Random) -> None:
        """Keeps to the file's count, outdated ones first; recreates those, starts what stopped."""
        del dice
        self._pull_missing(service)
        declared = self._sim.project.services[service].scale or 1
        outdated = [b for b in self._engine.of(service) if self._engine.is_outdated(b)]
        for box in outdated[: max(0, len(self._engine.of(service)) - declared)]:
            self._drop(box)
        self.scale_to(service, declared)
        for box in list(self._engine.of(service)):
            if self._engine.is_outdated(box):
                self._drop(box)
                self._make(service, box.number, box.name)
        self._settle(service)

    def scale(self, service: str, dice: Random) -> None:
        """`up -d --no-recreate --scale`."""
        self._pull_missing(service)
        one = self._sim.project.services[service].has_container_name
        self.scale_to(service, 1 if one else dice.randint(1, 3))
        self._settle(service)

    def remove(self, service: str, dice: Random) -> None:
        """`docker rm -f`."""
        for box in self._one(service, dice):
            self._drop(box)
        self._settle(service)

    def unlock(self, service: str, dice: Random) -> None:
        """`docker rm` of whatever looks unused."""
        del service, dice
        self._forget_locks()

    def prune_containers(self, service: str, dice: Random) -> None:
        """What does not run, locks included."""
        del service, dice
        gone = (ContainerState.CREATED, ContainerState.EXITED)
        for box in [b for b in self._engine.boxes.values() if b.state in gone]:
            del self._engine.boxes[box.id]
        self._forget_locks()

    def prune_images(self, service: str, dice: Random) -> None:
        """Images without a name."""
        del service, dice
        self._sim.images.prune({b.image for b in self._engine.boxes.values()}, every=False)

    def prune_all_images(self, service: str, dice: Random) -> None:
        """Images without a container."""
        del service, dice
        self._sim.images.prune({b.image for b in self._engine.boxes.values()}, every=True)

    def reload(self, service: str, dice: Random) -> None:
        """Another rollout, or a certificate's renewal: nginx reads whatever the files say now."""
        del service, dice
        for gateway in self._sim.gateways.all.values():
            self._sim.gateways.reload(gateway, ())

    def nginx(self, service: str, dice: Random) -> None:
        """`docker restart nginx`: new workers at once, by what the files say."""
        del service, dice
        for gateway in self._sim.gateways.all.values():
            self._boot(gateway)

    def nginx_boots(self, service: str, dice: Random) -> None:
        """`up -d --force-recreate nginx`: every upstream goes by its service's name again.

        Of several nginx it may be one alone.
        """
        del service
        every = list(self._sim.gateways.all.values())
        for gateway in dice.choice([every, [dice.choice(every)]]) if every else ():
            for name in self._sim.project.services:
                if include_of(name) in gateway.files:
                    gateway.files[include_of(name)] = self._sim.include(name, [f"{name}:9000"])
            self._boot(gateway)

    def _boot(self, gateway: Gateway) -> None:
        self._sim.gateways.boot(gateway)
        self._engine.tell_of_start(gateway.id)

    def _settle(self, service: str) -> None:
        """Who has fewer running wants no more: old and new ones side by side are no reason to."""
        judge, now = self._sim.judge, len(self._engine.of(service))
        fewer = judge.capacity.get(service, 0) - now
        if fewer > 0:
            judge.capacity[service] = now
            judge.falls[service] = max(0, judge.falls[service] - fewer)

    def _forget_locks(self) -> None:
        """And with them how many replicas a rollout that broke off was to end with."""
        self._sim.locks.all.clear()
        self._sim.judge.counted = False
        capacity = self._sim.judge.capacity
        capacity.update({name: min(1, least) for name, least in capacity.items()})

    def _one(self, service: str, dice: Random) -> list[Box]:
        running = [b for b in self._engine.of(service) if b.running]
        return [dice.choice(running)] if running else []

    def _revive(self, box: Box) -> None:
        if box.id in self._engine.boxes and box.state is ContainerState.RESTARTING:
            self._sim.judge.moves += 1
            self._engine.start_now(box)

    def scale_to(self, service: str, count: int) -> None:
        """Exactly so many, numbered on from the highest."""
        for box in self._engine.of(service)[count:]:
            self._drop(box)
        for box in self._engine.of(service):
            if not box.running:
                self._started(box)
        while len(self._engine.of(service)) < count:
            self._make(service)

    def _pull_missing(self, service: str) -> None:
        """As `up` does before it touches a container."""
        images = self._sim.images
        if images.reference(service) not in images.here:
            images.fetch(service)

    def _make(self, service: str, number: int = 0, name: str = "") -> None:
        """An operator's own: a run that has begun before may take it for one of its new ones."""
        made = self._engine.make(service, number, name)
        made.born = OPERATOR
        self._started(made)

    def _started(self, box: Box) -> None:
        if box.service not in self._engine.published:
            self._engine.start_now(box)

    def _drop(self, box: Box) -> None:
        self._sim.judge.excuse(box)
        self._engine.stop_now(box)
        del self._engine.boxes[box.id]


_MOVES: dict[Move, Callable[[Outside, str, Random], None]] = {
    Move.DIE: Outside.die,
    Move.RESTART: Outside.restart,
    Move.SWAP: Outside.swap,
    Move.REBOOT: Outside.reboot,
    Move.UP: Outside.up,
    Move.SCALE: Outside.scale,
    Move.REMOVE: Outside.remove,
    Move.UNLOCK: Outside.unlock,
    Move.PRUNE_CONTAINERS: Outside.prune_containers,
    Move.PRUNE_IMAGES: Outside.prune_images,
    Move.PRUNE_ALL_IMAGES: Outside.prune_all_images,
    Move.RELOAD: Outside.reload,
    Move.NGINX: Outside.nginx,
    Move.NGINX_BOOTS: Outside.nginx_boots,
}
