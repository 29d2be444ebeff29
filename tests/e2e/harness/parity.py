"""The same script on the real engine and on the simulated one, seen in the same words."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from composeroll.engine.engine import Engine
from composeroll.errors import EngineError
from composeroll.model import Replica
from composeroll.rollout import engine
from composeroll.rollout.lock.door import Locks
from composeroll.rollout.observing import observe
from tests.e2e.engine_projects import Project, docker, until_they_sleep
from tests.sim.interference import Move, Outside
from tests.sim.world import PROJECT, Sim

SERVICE = "app"


class Side(Protocol):
    """One of the two worlds.

    Attributes:
        engine: what steps ask of it.
        reads: what plans ask of it.
        project: the compose project's name.
    """

    @property
    def engine(self) -> engine.Engine: ...  # noqa: D102 - see above
    @property
    def reads(self) -> observe.Containers: ...  # noqa: D102 - see above
    @property
    def locks(self) -> Locks: ...  # noqa: D102 - see above
    @property
    def project(self) -> str: ...  # noqa: D102 - see above

    def use(self, version: str) -> None:
        """Let the service's reference name another image."""

    def version(self, image: str) -> str:
        """What an image is called in the scripts."""

    def die(self, container: str) -> None:
        """Let a container's program end by itself."""

    def up(self) -> None:
        """Somebody's plain `up -d`."""

    def scale(self, count: int) -> None:
        """Somebody's `up -d --no-recreate --scale`."""

    def prune(self) -> None:
        """Somebody's `docker container prune`."""


@dataclass
class Observed:
    """A script's course: what there was after each of its lines."""

    side: Side
    lines: list[str] = field(default_factory=list)
    _addresses: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> list[Replica]:
        """The service's containers, by number."""
        return sorted(self.side.engine.replicas([SERVICE]), key=lambda r: (r.number, r.name))

    def id(self, number: int) -> str:
        """The full ID of the container with this number."""
        return next(r.id for r in self.all if r.number == number)

    def look(self, after: str) -> None:
        """Note all containers: number, name, state, image, and whose address each has."""
        self.lines.append(f"{after}: " + "; ".join(map(self._words, self.all)))

    def attempt(self, what: str, call: Callable[[], object]) -> None:
        """Note whether a call is refused."""
        try:
            call()
        except EngineError:
            self.lines.append(f"{what}: refused")
        else:
            self.lines.append(f"{what}: done")

    def _words(self, replica: Replica) -> str:
        name = replica.name.removeprefix(f"{self.side.project}-{SERVICE}-")
        host = next((network.host for network in replica.networks), "")
        fresh = f"address {len(self._addresses)}"
        address = self._addresses.setdefault(host, fresh) if host else ""
        image = self.side.version(replica.image)
        words = (f"#{replica.number}", name, replica.state.value, image, address)
        return " ".join(filter(None, words))


@dataclass
class Real:
    """A small compose project on the engine that is there."""

    made: Project
    engine: Engine

    @property
    def reads(self) -> observe.Containers:
        """The same engine."""
        return self.engine

    @property
    def locks(self) -> Locks:
        """Containers that are never started."""
        return self.engine.locks

    @property
    def project(self) -> str:
        """Its name."""
        return self.made.name

    def use(self, version: str) -> None:
        """By a tag."""
        docker("tag", f"{self.project}:{version}", f"{self.project}:app")

    def version(self, image: str) -> str:
        """By what the versions' tags name."""
        known = {self.engine.image_id(f"{self.project}:{v}"): v for v in VERSIONS}
        return known[image]

    def die(self, container: str) -> None:
        """From within; the engine was not asked to stop it."""
        until_they_sleep([container])
        argv = ["docker", "exec", container, "sh", "-c", "kill -TERM 1"]
        subprocess.run(argv, check=False, capture_output=True)  # it goes with the container
        docker("wait", container)

    def up(self) -> None:
        """By the docker command line."""
        self._compose("up", "--detach", SERVICE)

    def scale(self, count: int) -> None:
        """By the docker command line."""
        self._compose("up", "--detach", "--no-recreate", "--scale", f"{SERVICE}={count}", SERVICE)

    def prune(self) -> None:
        """Of this project alone."""
        label = f"label=com.docker.compose.project={self.project}"
        docker("container", "prune", "--force", "--filter", label)

    def clear(self) -> None:
        """Remove its containers and its network."""
        self._compose("down", "--timeout", "0")

    def _compose(self, *words: str) -> None:
        docker(*self.made.flags.named(self.project).compose_argv()[1:], *words)


VERSIONS = ("v1", "v2")


class Simulated:
    """The same project in the simulation."""

    project = PROJECT

    def __init__(self, scale: int) -> None:
        self._sim = Sim({SERVICE: {"scale": scale}}, gateways=0)
        self._outside = Outside(self._sim)
        self.engine = self.reads = self._sim.engine
        self.locks = self._sim.locks
        for version in VERSIONS:
            self.use(version)

    def use(self, version: str) -> None:
        """By a tag."""
        self._sim.images.push(SERVICE, version)
        self._sim.images.fetch(SERVICE)

    def version(self, image: str) -> str:
        """By its name."""
        return image.removeprefix("sha256:")

    def die(self, container: str) -> None:
        """By nobody's doing."""
        self.engine.kill(self.engine.boxes[container])

    def up(self) -> None:
        """As an operator does in random histories."""
        self._outside.move(Move.UP, SERVICE, 0)

    def scale(self, count: int) -> None:
        """As an operator does in random histories."""
        self._outside.scale_to(SERVICE, count)

    def prune(self) -> None:
        """As an operator does in random histories."""
        self._outside.move(Move.PRUNE_CONTAINERS, SERVICE, 0)
