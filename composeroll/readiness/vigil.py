"""Wait until every incoming replica is ready, or until one of them can no longer become so."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from composeroll.errors import NotReady
from composeroll.model import ContainerEvent, Health, Replica
from composeroll.readiness.answer import Answer
from composeroll.readiness.death import cause_of_death
from composeroll.readiness.door import ContainerDoor, EventStream
from composeroll.readiness.evidence import evidence_of
from composeroll.readiness.pace import Clock, Pace
from composeroll.readiness.prove import Ask, OverdueError, prove
from composeroll.report.events import Emit, Noted, Probed, ReplicaReady
from composeroll.report.wording import FIX, fix_text

SIDE_BY_SIDE = 32
"""Replicas probed at the same time, each in its own thread."""

_POLL = 0.02  # seconds between two checks for finished threads; a death is an event: no wait


@dataclass(frozen=True, slots=True)
class Asked:
    """One replica as it was after its start, and the way to probe it."""

    replica: Replica
    ask: Ask


@dataclass
class Vigil:
    """One wait: a thread for each replica probes it, the calling thread listens to the engine.

    Only the calling thread emits events and reads states; the others do nothing but probe.

    Attributes:
        how: the probe, as users read it.
        otherwise: further advice if a replica fails its probe, as the end of a sentence.
        events: opened before states are first read, so that no death goes unnoticed in between.
        hang_up: closes the open connections and abandons the healthchecks that still run.
    """

    asked: Sequence[Asked]
    how: str
    pace: Pace
    door: ContainerDoor
    events: EventStream
    emit: Emit
    clock: Clock
    hang_up: Callable[[], None]
    otherwise: str = ""

    def __post_init__(self) -> None:
        self._began = self.clock.now()
        self._stop = threading.Event()
        self._answers: queue.SimpleQueue[tuple[Replica, Answer]] = queue.SimpleQueue()
        self._last: dict[str, Answer] = {}
        self._short_of_memory: set[str] = set()

    def keep(self) -> None:
        """Return when all replicas are ready.

        Raises:
            NotReady: a replica died, or was not ready in time.
        """
        for one in self.asked:
            self._require_alive(one.replica)
        self._ask_all()
        for one in self.asked:
            self._note_verdict(self._require_alive(one.replica))

    def _ask_all(self) -> None:
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(self.asked) or 1), "readiness") as pool:
            try:
                waiting = {pool.submit(self._prove, one): one.replica for one in self.asked}
                while waiting:
                    self._listen()
                    self._collect(waiting)
            finally:
                self._stop.set()
                self.hang_up()
                pool.shutdown(wait=False, cancel_futures=True)

    def _prove(self, one: Asked) -> None:
        def ask(seconds: float) -> Answer:
            answer = one.ask(seconds)
            self._answers.put((one.replica, answer))
            return answer

        prove(ask, self.pace, self.clock, self._stop)

    def _listen(self) -> None:
        event = self.events.next(_POLL)
        self._tell()
        if event is None:
            return
        for one in self.asked:
            if event.id in (one.replica.id, ""):
                self._heed(event, one.replica)

    def _heed(self, event: ContainerEvent, replica: Replica) -> None:
        if event.action == "oom":
            self._short_of_memory.add(replica.id)
        if event.action == "die":
            code = event.attributes.get("exitCode", "unknown")
            self._require_alive(replica, otherwise=f"died with code {code}")
        if not event.id:
            self._require_alive(replica)

    def _tell(self) -> None:
        while not self._answers.empty():
            replica, answer = self._answers.get()
            self._last[replica.id] = answer
            self.emit(Probed(replica.service, replica.name, answer.good, answer.said))

    def _collect(self, waiting: dict[Future[None], Replica]) -> None:
        for future in [future for future in waiting if future.done()]:
            replica = waiting.pop(future)
            try:
                future.result()
            except OverdueError as overdue:
                self._require_alive(replica)
                raise self._overdue(replica, overdue.answer) from None
            self._tell()
            seconds = self.clock.now() - self._began
            self.emit(ReplicaReady(replica.service, replica.name, seconds, self.how))

    def _overdue(self, replica: Replica, answer: Answer) -> NotReady:
        return NotReady(
            f"{replica.name} is not ready after {self.pace.timeout:g} s: it {answer.said}"
            f" ({self.how})",
            help=f"{FIX}; if it only needs longer to start, raise ready.timeout (--ready-timeout)"
            f"{self.otherwise}",
            evidence=evidence_of(self.door, replica, answer),
        )

    def _require_alive(self, replica: Replica, otherwise: str = "") -> Replica:
        now = self.door.find(replica.id)
        short = replica.id in self._short_of_memory
        cause = cause_of_death(replica, now, short_of_memory=short) or otherwise
        if now is None or cause:
            evidence = evidence_of(self.door, replica, self._last.get(replica.id))
            fix = fix_text(replica.service, replica.image)
            raise NotReady(f"{replica.name} {cause}", None, fix, evidence)
        return now

    def _note_verdict(self, replica: Replica) -> None:
        # The engine probes at its own interval: its verdict may be older than our answers.
        if replica.health is Health.UNHEALTHY:
            self.emit(Noted(f"{replica.name} is ready, though the engine still calls it unhealthy"))
