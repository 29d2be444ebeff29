"""The fake gateways: files, what runs of them, and workers that leave in their own time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from composeroll.errors import ComposerollError, GatewayError
from composeroll.model import Upstream
from composeroll.nginx.include import parse_include, written_by
from tests.sim.clock import VirtualClock
from tests.sim.containers import Box
from tests.sim.faults import Faults
from tests.sim.judge import Judge

TOLD_TO_QUIT = 0.1
"""Seconds after a reload until nginx tells the old workers to quit, as measured."""

read_upstream = cache(parse_include)


@dataclass(eq=False, slots=True)
class Worker:
    """One generation of a gateway's workers.

    Attributes:
        told: what it sends requests to: by service, the container that had each address.
        timed_out: whether a drain has given up waiting for it, and has said so.
    """

    told: Mapping[str, Mapping[str, Box | None]]
    leaving: bool = False
    timed_out: bool = False


@dataclass(eq=False, slots=True)
class Gateway:
    """One nginx container.

    Attributes:
        rejects: whether the test of a new text fails.
        deaf: whether a reload is not taken, though the test went well.
        longest: seconds that the longest request of a worker takes; None: for ever.
    """

    id: str
    files: dict[str, str]
    rejects: bool = False
    deaf: bool = False
    longest: float | None = 0.7
    workers: list[Worker] = field(default_factory=list)

    @property
    def current(self) -> Worker:
        """The workers that take new requests."""
        return self.workers[-1]


class Gateways:
    """Answers to `composeroll.rollout.world.Gateways`."""

    def __init__(
        self,
        clock: VirtualClock,
        faults: Faults,
        judge: Judge,
        owner: Callable[[str], Box | None],
    ) -> None:
        self.all: dict[str, Gateway] = {}
        self._clock = clock
        self._faults = faults
        self._judge = judge
        self._owner = owner
        self._given: set[str] = set()
        self._before: set[Worker] = set()

    def forget(self) -> None:
        """What a process remembers of its own reloads ends with it."""
        self._before.clear()

    def boot(self, gateway: Gateway) -> None:
        """Start nginx with the files that are there."""
        self.all[gateway.id] = gateway
        gateway.workers.append(Worker(self._meaning(gateway)))
        self._given.update(a for told in gateway.current.told.values() for a in told)

    def switch(self, texts: Mapping[str, Mapping[str, str | None]]) -> None:
        """All write and test, then all reload; what fails is taken back everywhere."""
        self._faults.alive()
        previous = {g: {path: self.all[g].files.get(path) for path in texts[g]} for g in texts}
        written: list[str] = []
        reloaded: list[str] = []
        try:
            for container, files in texts.items():
                written.append(container)
                self._write(self.all[container], files)
            for container in texts:
                reloaded.append(container)
                self._reload(self.all[container])
        except ComposerollError:
            for container in written:
                self._put(self.all[container], previous[container])
            for container in reloaded:
                self._reload(self.all[container])
            raise

    def read(self, container: str, path: str) -> str | None:
        """A file as it stands there."""
        self._faults.alive()
        return self.all[container].files.get(path)

    def old_workers(self) -> int:
        """From before this process's last reloads, or seen leaving."""
        self._faults.alive()
        living = [worker for gateway in self.all.values() for worker in gateway.workers]
        return sum(worker in self._before or worker.leaving for worker in living)

    def connections_to(self, addresses: Sequence[str]) -> Mapping[str, int]:
        """One for each old worker that knows the address."""
        self._faults.alive()
        old = [w for g in self.all.values() for w in g.workers[:-1]]
        return {a: sum(a in told for w in old for told in w.told.values()) for a in addresses}

    def _write(self, gateway: Gateway, texts: Mapping[str, str | None]) -> None:
        previous = {path: gateway.files.get(path) for path in texts}
        self._put(gateway, texts)
        if gateway.rejects:
            self._put(gateway, previous)
            raise GatewayError("nginx: [emerg] made to reject")

    def _put(self, gateway: Gateway, texts: Mapping[str, str | None]) -> None:
        with self._faults.change(f"write the include in {gateway.id}", GatewayError):
            for path, text in texts.items():
                if text is None:
                    gateway.files.pop(path, None)
                else:
                    gateway.files[path] = text

    def _reload(self, gateway: Gateway) -> None:
        with self._faults.change(f"reload {gateway.id}", GatewayError):
            if gateway.deaf:
                raise GatewayError("nginx did not take the reload")
            self._before.update(gateway.workers)
            old, new = gateway.current, Worker(self._meaning(gateway))
            self._judge.may_tell(new, self._given)
            gateway.workers.append(new)
            self._given.update(a for told in new.told.values() for a in told)
            self._clock.at(self._clock.now() + TOLD_TO_QUIT, lambda: self._quit(gateway, old))

    def _quit(self, gateway: Gateway, worker: Worker) -> None:
        worker.leaving = True
        if gateway.longest is not None:
            end = self._clock.now() + gateway.longest
            self._clock.at(end, lambda: gateway.workers.remove(worker))

    def _meaning(self, gateway: Gateway) -> Mapping[str, Mapping[str, Box | None]]:
        read = {path: read_upstream(text) for path, text in gateway.files.items()}
        return {
            service_of(gateway.files[path]): self._owners(upstream)
            for path, upstream in read.items()
            if upstream
        }

    def _owners(self, upstream: Upstream) -> Mapping[str, Box | None]:
        return {a: self._owner(a.partition(":")[0]) for a in upstream.addresses}


def service_of(text: str) -> str:
    """The service an include is for, by its first line."""
    named = written_by(text)
    return named[1] if named else ""
