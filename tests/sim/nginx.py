"""The fake nginx containers: files, what runs of them, and workers that leave in their own time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from composeroll.model import Upstream
from composeroll.nginx.include import parse_include, written_by
from tests.sim.clock import VirtualClock
from tests.sim.containers import Box
from tests.sim.judge import Judge
from tests.sim.process import Process

TOLD_TO_QUIT = 0.1
"""Seconds after a reload until nginx tells the old workers to quit, as measured."""

read_upstream = cache(parse_include)

Servers = dict[str, dict[str, Box | None]]
"""By service, the container that had each address; None where that says nothing any more."""


@dataclass(eq=False, slots=True)
class Worker:
    """One generation of a gateway's workers.

    Attributes:
        servers: what it sends requests to.
        booted: by service, how often the world had moved when nginx was started with what is told
            of it; absent where a reload has told something else since.
        replaced_by: the number of the process that made it leave; 0 while it takes requests.
        timed_out: whether a drain has given up waiting for it, and has said so.
        elsewhere: whether all that it still holds are other services' websockets.
        lasting: whether all that it still holds are websockets, those to what it was told included.
    """

    servers: Servers
    booted: Mapping[str, int] = field(default_factory=dict)
    replaced_by: int = 0
    leaving: bool = False
    timed_out: bool = False
    elsewhere: bool = False
    lasting: bool = False


@dataclass(eq=False, slots=True)
class Gateway:
    """One nginx container.

    Attributes:
        rejects: whether the test of a new text fails.
        deaf: whether a reload is not taken, though the test went well.
        longest: seconds that the longest request of a worker takes; None: for ever.
        websockets: whether other services' websockets keep every worker after that.
        own_websockets: whether the rolled services' own do.
        quits: whether it was told to take nothing new.
        started: how often the world had moved when it was last started.
    """

    id: str
    files: dict[str, str]
    rejects: bool = False
    deaf: bool = False
    longest: float | None = 0.7
    websockets: bool = False
    own_websockets: bool = False
    workers: list[Worker] = field(default_factory=list)
    network_mode: str = ""
    quits: bool = False
    started: int = 0

    @property
    def name(self) -> str:
        """What people call it."""
        return self.id

    @property
    def current(self) -> Worker:
        """The workers that take new requests."""
        return self.workers[-1]

    def is_old(self, worker: Worker) -> bool:
        """Whether these workers take none; of an nginx that was told to quit none do."""
        return self.quits or worker is not self.current


class Gateways:
    """All nginx containers of the world."""

    def __init__(
        self, clock: VirtualClock, judge: Judge, owner: Callable[[str], Box | None]
    ) -> None:
        self.all: dict[str, Gateway] = {}
        self.on_look: Callable[[str], None] = _nothing
        self._clock = clock
        self._judge = judge
        self._owner = owner

    def now(self) -> float:
        """What nginx stamps its log with."""
        return self._clock.now()

    def boot(self, gateway: Gateway) -> None:
        """Start nginx with the files that are there, right or wrong."""
        self.all[gateway.id] = gateway
        gateway.started, servers = self._judge.moves, self.meaning(gateway)
        worker = Worker(servers, booted=dict.fromkeys(servers, gateway.started))
        self._judge.overlook(worker)
        gateway.workers[:] = [worker]

    def tell_of_look(self, process: Process) -> None:
        """It knows from now on which nginx the world has taken away."""
        process.saw_nginx = self._judge.moves

    @property
    def takers(self) -> list[Gateway]:
        """Those that take requests."""
        return [gateway for gateway in self.all.values() if not gateway.quits]

    def quit(self, gateway: Gateway, ended: Callable[[], None]) -> None:
        """Take nothing new; with the last request the container ends."""
        gateway.quits = gateway.current.leaving = True
        if gateway.longest is not None:
            self._clock.at(self._clock.now() + gateway.longest, ended)

    def reload(self, gateway: Gateway, touched: Collection[str]) -> None:
        """New workers with the files of now; the old ones are told to quit a little later.

        Whoever reloads answers for the services whose files it has touched.
        """
        old, new = gateway.current, Worker(self.meaning(gateway))
        before, now = _addresses(old.servers), _addresses(new.servers)
        new.booted = {s: when for s, when in old.booted.items() if before[s] == now.get(s)}
        self._judge.may_forget(old, new)
        self._judge.may_tell(new, touched)
        gateway.workers.append(new)
        old.replaced_by = self._judge.process().number
        self._clock.at(self._clock.now() + TOLD_TO_QUIT, lambda: self._quit(gateway, old))

    def meaning(self, gateway: Gateway) -> Servers:
        """What its files say now: by service, who has each address."""
        return {
            service_of(text): {a: self._owner(a.partition(":")[0]) for a in upstream.addresses}
            for text, upstream in _readable(gateway.files.values())
        }

    def _quit(self, gateway: Gateway, worker: Worker) -> None:
        worker.leaving = True
        if gateway.longest is not None:
            end = self._clock.now() + gateway.longest
            self._clock.at(end, lambda: _leave(gateway, worker))


def _nothing(gateway: str) -> None:
    del gateway


def service_of(text: str) -> str:
    """The service an include is for, by its first line."""
    named = written_by(text)
    return named[1] if named else ""


def _addresses(servers: Servers) -> dict[str, set[str]]:
    return {service: set(servers) for service, servers in servers.items()}


def _readable(texts: Iterable[str]) -> Iterator[tuple[str, Upstream]]:
    return ((text, found) for text in texts if (found := read_upstream(text)))


def _leave(gateway: Gateway, worker: Worker) -> None:
    worker.lasting = gateway.own_websockets
    worker.elsewhere = gateway.websockets and not gateway.own_websockets
    if not (worker.lasting or worker.elsewhere) and worker in gateway.workers[:-1]:
        gateway.workers.remove(worker)
