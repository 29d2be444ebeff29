"""The invariants. The world itself asks after them, at every change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from composeroll.report.events import Event, Warned

if TYPE_CHECKING:
    from tests.sim.containers import Box
    from tests.sim.nginx import Gateway, Worker


class Broken(BaseException):
    """An invariant does not hold. No exception of the project's: nobody may catch and go on."""


class Judge:
    """Knows what a rollout may do and must not.

    Attributes:
        gaps: services that may be down meanwhile: stop-first, or replaced in place.
        rolled: the services of this rollout.
        capacity: how many replicas of a service must go on running at least.
        leaving: IDs of the containers that the rollout may remove.
        falls: how many replicas of a service have died by themselves, for which nobody is to blame.
        broken: what did not hold; nobody may go on, but `finally` blocks run nevertheless.
    """

    def __init__(self) -> None:
        self.gateways: Callable[[], list[Gateway]] = list
        self.boxes: Callable[[], list[Box]] = list
        self.gaps: AbstractSet[str] = frozenset()
        self.rolled: AbstractSet[str] = frozenset()
        self.capacity: dict[str, int] = {}
        self.leaving: AbstractSet[str] = frozenset()
        self.falls: Counter[str] = Counter()
        self.broken: list[str] = []

    def look(self) -> None:
        """The running upstreams name only running, proven replicas of their own service."""
        for gateway in self.gateways():
            for service, told in gateway.current.told.items():
                self._insist(bool(told), f"{gateway.id}: the upstream of {service} is empty")
                for address, box in told.items():
                    self._look_at(service, address, box)

    def _look_at(self, service: str, address: str, box: Box | None) -> None:
        if box is None or box.fell:
            return  # it was wrong before the rollout, or it died by itself: not our doing
        self._insist(box.service == service, f"{address} of {service} belongs to {box.service}")
        if service in self.gaps:
            return
        at_home = box.running and address.startswith(f"{box.ip}:")
        self._insist(at_home, f"{service} is sent to {box.name}, which does not run")
        self._insist(box.proven, f"{service} is sent to {box.name}, which is not proven")

    def may_tell(self, worker: Worker, given: Collection[str]) -> None:
        """A reload sends requests to addresses that somebody has, or that stood there before."""
        for service, told in worker.told.items():
            lost = [a for a, box in told.items() if box is None and a not in given]
            self._insist(not lost, f"{service} is sent to {lost}, where nobody is")

    def may_stop(self, box: Box) -> None:
        """Nobody may still send it a request, and enough others have to run."""
        self._insist(box.service in self.rolled, f"{box.name} is none of the rollout's services")
        nothing_served = self.falls[box.service] >= self.capacity.get(box.service, 0) > 0
        if box.service in self.gaps or nothing_served:
            return
        for gateway in self.gateways():
            for worker in gateway.workers:
                reached = box.running and box in worker.told.get(box.service, {}).values()
                self._insist(
                    not reached or (worker.timed_out and worker is not gateway.current),
                    f"{box.name} is stopped while a worker of {gateway.id} may send to it",
                )
        self._keeps_capacity(box)

    def _keeps_capacity(self, box: Box) -> None:
        of_service = [b for b in self.boxes() if b.service == box.service]
        others = [b for b in of_service if b is not box and b.running and b.proven]
        least = self.capacity.get(box.service, 0) - self.falls[box.service]
        counts = box.running and box.proven
        self._insist(
            not counts or len(others) >= least,
            f"{box.name} is stopped, which leaves {len(others)} of {least} at work",
        )

    def may_remove(self, box: Box) -> None:
        """Only what is on the list: outdated, left over, or made by a rollout itself."""
        listed = box.id in self.leaving or box.born > 0
        self._insist(box.service in self.rolled, f"{box.name} is none of the rollout's services")
        self._insist(listed, f"{box.name} was on nobody's list")

    def hear(self, event: Event) -> None:
        """A drain that gives up has to say so; then its workers no longer hold anything back."""
        if isinstance(event, Warned) and "still live" in event.text:
            for worker in self._old_workers():
                worker.timed_out = True

    def _old_workers(self) -> list[Worker]:
        return [w for gateway in self.gateways() for w in gateway.workers[:-1]]

    def _insist(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001 - the claim itself
        if not holds:
            self.broken.append(otherwise)
            raise Broken(otherwise)
