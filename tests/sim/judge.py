"""The invariants. The world itself asks after them, at every change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from composeroll.report.events import Event, Noted, Warned
from tests.sim.process import Process

if TYPE_CHECKING:
    from tests.sim.containers import Box
    from tests.sim.nginx import Gateway, Worker


OPERATOR = 1_000_000
"""The number of a run that made what an operator makes: nobody can tell it from a rollout's."""


class Broken(BaseException):
    """An invariant does not hold. No exception of the project's: nobody may catch and go on."""


class Judge:
    """Knows what a run may do and must not.

    What the world itself breaks, by a container's death or an operator's hand, is nobody's fault
    until somebody has looked again: from then on it is.

    Attributes:
        gaps: services that may be down meanwhile: stop-first, or replaced in place.
        capacity: how many replicas of a service must go on running at least.
        fewer: how many of them may be down meanwhile: a batch of those that stop first.
        falls: how many replicas of a service the world has taken, for which nobody is to blame.
        fallen: each of them, and how often the world had moved by then.
        moves: how often the world has moved.
        nginx_fell: how often it had when it last took an nginx away.
        edge: whether the gateway is itself a service, so that there always has to be one.
        counted: whether a number that was reached holds: with the locks, an operator removes what
            a rollout at work knew of it, and another one's number may be taken back.
        broken: what did not hold; nobody may go on, but `finally` blocks run nevertheless.
    """

    def __init__(self) -> None:
        self.gateways: Callable[[], list[Gateway]] = list
        self.boxes: Callable[[], list[Box]] = list
        self.process: Callable[[], Process] = Process
        self.answers: Callable[[Box], bool] = lambda box: box.running
        self.gaps: AbstractSet[str] = frozenset()
        self.capacity: dict[str, int] = {}
        self.fewer: dict[str, int] = {}
        self.falls: Counter[str] = Counter()
        self.fallen: list[tuple[Box, int]] = []
        self.moves = 0
        self.nginx_fell = 0
        self.edge = False
        self.counted = True
        self.broken: list[str] = []

    def count(self) -> None:
        """Before a run: what does not work now, or gets no requests, is nobody's fault."""
        at_work = (box for box in self.boxes() if self._works(box) and self._gets_requests(box))
        working = Counter(box.service for box in at_work)
        missing = {name: least - working[name] for name, least in self.capacity.items()}
        self.falls = Counter({name: many for name, many in missing.items() if many > 0})
        self.fallen.clear()

    def allow(self, services: Collection[str], count: int) -> None:
        """Somebody wants no more of these."""
        for name in services:
            self.capacity[name] = min(self.capacity.get(name, 0), count)

    def settle(self, services: Collection[str], count: int | None = None) -> None:
        """A rollout that ended well left these: they are as good as the first ones from now on.

        Args:
            services: those that it rolled.
            count: how many of each it was to leave, where it was asked for a number.
        """
        for box in [b for b in self.boxes() if b.service in services and b.born < OPERATOR]:
            box.born = 0
        if count is not None and self.counted:
            self.capacity |= dict.fromkeys(services, count)

    def look(self) -> None:
        """The running upstreams name only running, proven replicas of their own service."""
        taking = [gateway for gateway in self.gateways() if not gateway.quits]
        if not taking and self.nginx_fell > self.process().saw_nginx:
            self.edge = False  # until there is one again
        self._insist(not self.edge or bool(taking), "no gateway takes requests")
        given_up = [g for g in self.gateways() if g.quits and g.current.timed_out]
        for gateway in (g for g in self.gateways() if g not in given_up):
            for service, servers in gateway.current.servers.items():
                self._insist(bool(servers), f"{gateway.id}: the upstream of {service} is empty")
                for address, box in servers.items():
                    if box and (wrong := self._wrong(service, address, box)):
                        self._insist(False, wrong)  # noqa: FBT003 - the claim itself

    def may_forget(self, old: Worker, new: Worker) -> None:
        """No upstream is gone after a reload: nginx would refuse every site that names it."""
        gone = old.servers.keys() - new.servers.keys()
        self._insist(not gone, f"after the reload there is no upstream of {gone}")

    def may_tell(self, worker: Worker, touched: Collection[str]) -> None:
        """A reload is answered for, but for what was wrong before, and what nobody can know yet."""
        process = self.process()
        for service, servers in worker.servers.items():
            unseen = process.looked.get(service, 0) < self.moves
            mine = service in touched and self._others_work(service)
            for address, box in servers.items():
                wrong = self._wrong(service, address, box)
                if self._is_meant(service, box):
                    process.stale.add((service, address))  # whoever names it chooses nothing new
                if wrong and (unseen or not mine or (service, address) in process.stale):
                    servers[address] = None
                elif box is None and wrong and not _is_name(address):
                    self._insist(False, wrong)  # noqa: FBT003 - the claim itself
                elif service in touched and not unseen:
                    strange = box is not None and box.service != service
                    self._insist(not strange, f"{address} of {service} belongs to somebody else")
                    self._insist(
                        not (_is_name(address) and self._brings_up(service)),
                        f"{address} means replicas of {service} that are not proven",
                    )

    def _brings_up(self, service: str) -> bool:
        """Whether something runs that this run has made, and that has not proved itself."""
        run = self.process().number
        mine = (b for b in self.boxes() if b.service == service and b.born == run)
        return run > 0 and any(box.running and not box.proven for box in mine)

    def _is_meant(self, service: str, box: Box | None) -> bool:
        """Whether nginx goes by a name that means it, and this run has not started it."""
        names = (n for g in self.gateways() for n in g.current.servers.get(service, {}))
        foreign = box and box.running and box.born != self.process().number
        return bool(foreign and any(map(_is_name, names)))

    def may_begin(self, gateway: Gateway, present: Gateway) -> None:
        """A gateway that takes requests beside another one sends them to the same replicas.

        Or to all that serve: the other one may go by a name, or by where they were before.
        """
        wanted = present.current.servers
        self._insist(
            gateway.current.servers.keys() == wanted.keys(),
            f"{gateway.id} begins without a service",
        )
        for service, servers in gateway.current.servers.items():
            what = f"{gateway.id} begins with {set(servers)}, and not with {set(wanted[service])}"
            right = set(servers) == set(wanted[service]) or self._means_what_serves(
                service, servers
            )
            self._insist(right, what)

    def _means_what_serves(self, service: str, servers: Collection[str]) -> bool:
        """Whether it is all that do their work; of those that are to go, some or none."""
        own = (b for b in self.boxes() if b.service == service and not b.detached)
        working = [box for box in own if self._works(box)]
        staying = {f"{b.ip}:9000" for b in working if b.id not in self.process().listed}
        return staying <= set(servers) <= {f"{box.ip}:9000" for box in working}

    def _others_work(self, service: str) -> bool:
        """Whether there is anybody but what this run has made: else nobody better can be named."""
        run = self.process().number
        others = (b for b in self.boxes() if b.service == service and b.born != run)
        return any(box.running and box.proven and not box.detached for box in others)

    def overlook(self, worker: Worker) -> None:
        """What nginx starts with is the world's doing."""
        for service, servers in worker.servers.items():
            for address, box in servers.items():
                if self._wrong(service, address, box):
                    servers[address] = None

    def stale(self) -> set[tuple[str, str]]:
        """What is wrong in the upstreams now."""
        return {
            (service, address)
            for gateway in self.gateways()
            for worker in gateway.workers
            for service, servers in worker.servers.items()
            for address, box in servers.items()
            if self._wrong(service, address, box)
        }

    def _wrong(self, service: str, address: str, box: Box | None) -> str:
        """Why requests to a service must not be sent to this address, empty where they may."""
        if service in self.gaps:
            return ""  # nobody may answer there, and what starts meanwhile may get the address
        if box and box.service != service:
            return f"{address} of {service} belongs to {box.service}"
        if box is None:
            return f"{service} is sent to {address}, where nobody is"
        if not (box.running and address.startswith(f"{box.ip}:")):
            return f"{service} is sent to {box.name}, which does not run"
        # one that the world has restarted proves itself by itself, or not: nobody chose it unproven
        proven = box.proven or box.life > 1
        return "" if proven else f"{service} is sent to {box.name}, which is not proven"

    def excuse(self, box: Box) -> None:
        """The world takes a container, or its address, away from whoever was told of it."""
        self.moves += 1
        if self._works(box):
            self.falls[box.service] += 1
            self.fallen.append((box, self.moves))
        self._forget(box)

    def may_start(self, box: Box) -> None:
        """No nginx goes by its service's name, which would send requests to it, ready or not."""
        process = self.process()
        mine = [b for b in self.boxes() if b.service == box.service and not b.detached]
        others = any(map(self._works, mine))
        made = process.number and box.born == process.number  # the world starts what it likes
        if box.service in self.gaps or not others or not made:
            return
        for gateway in self.gateways():
            for worker in gateway.workers:
                named = any(map(_is_name, worker.servers.get(box.service, {})))
                # no run begins and starts something before nginx has told its workers to quit
                before = worker.replaced_by not in (0, process.number)
                gone = before or worker.leaving or worker.timed_out
                excused = gone or worker.booted.get(box.service, 0) > process.began
                self._insist(
                    not named or excused, f"{box.name} is started, and {gateway.id} goes by names"
                )

    def may_stop(self, box: Box) -> None:
        """Nobody may still send it a request, and enough others have to run."""
        rolled = self.process().rolled
        if rolled is None or not box.service:
            return
        self._cuts_nothing(box)
        self._insist(box.service in rolled, f"{box.name} is none of the rollout's services")
        listed = box.id in self.process().listed or box.born > 0
        self._insist(listed, f"{box.name} was to be left alone")
        if box.service in self.gaps:
            return
        # while nobody else could be named, the name meant what a rollout brought up
        alone = box.born == self.process().number and not self._others_work(box.service)
        for gateway in self.gateways():
            for worker in gateway.workers:
                servers = worker.servers.get(box.service, {})
                booted = worker.booted.get(box.service, 0)
                known = booted <= self.process().began and not alone
                named = any(map(_is_name, servers)) and known
                reached = box.running and ((named and box.proven) or box in servers.values())
                done = worker.elsewhere or worker.timed_out
                self._insist(
                    not reached or (done and gateway.is_old(worker)),
                    f"{box.name} is stopped while a worker of {gateway.id} may send to it",
                )
        self._keeps_capacity(box)

    def may_restart(self, box: Box) -> None:
        """Only an nginx that no client reaches."""
        reached = [gateway for gateway in self.gateways() if gateway.id == box.id]
        self._insist(not reached, f"{box.name} is restarted, and takes requests")

    def _forget(self, box: Box) -> None:
        """Nobody is to blame for what nginx goes on naming."""
        for gateway in self.gateways():
            for worker in gateway.workers:
                for servers in worker.servers.values():
                    for address in [a for a, b in servers.items() if b is box]:
                        servers[address] = None

    def _cuts_nothing(self, box: Box) -> None:
        """An nginx that is stopped has quit before, and its requests have had their time.

        Nobody can know of one that somebody has started since the last look.
        """
        looked = self.process().looked.get(box.service, 0)
        mine = [g for g in self.gateways() if g.id == box.id and g.started <= looked]
        cut = [g for g in mine if not (g.quits and all(w.timed_out for w in g.workers))]
        self._insist(not cut, f"{box.name} is stopped with requests in its hands")

    def _keeps_capacity(self, box: Box) -> None:
        of_service = [b for b in self.boxes() if b.service == box.service and not b.detached]
        others = [b for b in of_service if b is not box and self._works(b)]
        least = self.capacity.get(box.service, 0) - self.falls[box.service]
        least -= self.fewer.get(box.service, 0)
        least += 0 if box.born == self.process().number else self._seen_fall(box.service)
        self._insist(
            not self._works(box) or box.detached or len(others) >= least,
            f"{box.name} is stopped, which leaves {len(others)} of {least} at work",
        )

    def _seen_fall(self, service: str) -> int:
        """How many of a run's new replicas it has seen fall: nothing old may go for those."""
        process = self.process()
        return sum(
            box.service == service
            and box.born == process.number
            and when <= process.looked.get(service, 0)
            for box, when in self.fallen
        )

    def _works(self, box: Box) -> bool:
        return box.running and (box.proven or (box.life > 1 and self.answers(box)))

    def _gets_requests(self, box: Box) -> bool:
        """Whether a gateway sends to it now, or may do so; one that none speaks of works anyhow."""
        current = [gateway.current.servers.get(box.service, {}) for gateway in self.gateways()]
        servers = [(address, one) for servers in current for address, one in servers.items()]
        return not servers or any(one is box or _is_name(address) for address, one in servers)

    def may_remove(self, box: Box) -> None:
        """Only what is on the list: outdated, left over, or made by a rollout itself."""
        process = self.process()
        if process.rolled is None or not box.service:
            return
        listed = box.id in process.listed or box.born > 0
        self._insist(box.service in process.rolled, f"{box.name} is none of the rollout's services")
        self._insist(listed, f"{box.name} was on nobody's list")

    def hear(self, event: Event) -> None:
        """A drain that gives up has to say so; then its workers no longer hold anything back."""
        if isinstance(event, Warned) and "still running" in event.text:
            for worker in self._old_workers():
                worker.timed_out = True
        if isinstance(event, Noted) and event.text.partition(",")[0].endswith(" cut"):
            for worker in self._old_workers():
                worker.timed_out |= worker.lasting
        if isinstance(event, Warned) and "they are cut" in event.text:
            for gateway in self.gateways():
                for worker in gateway.workers if gateway.quits else ():
                    worker.timed_out = True

    def _old_workers(self) -> list[Worker]:
        return [w for gateway in self.gateways() for w in gateway.workers if gateway.is_old(w)]

    def _insist(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001 - the claim itself
        if not holds:
            self.broken.append(otherwise)
            raise Broken(otherwise)


def _is_name(address: str) -> bool:
    return not address[0].isdigit()
