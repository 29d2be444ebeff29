"""One run of a verb in the simulated world: its own rooms, its own faults, its own end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from composeroll.config.settings import Pull
from composeroll.errors import ComposerollError, Interrupted
from composeroll.report.events import Event, Outcome, Phase, PhaseEnded, StepStarted
from composeroll.rollout.detached.serving_engine import ServingEngine
from composeroll.rollout.history.book import Book
from composeroll.rollout.images import ComposeImages
from composeroll.rollout.lock.holder import Holder
from composeroll.rollout.rollback import rollback
from composeroll.rollout.scale import scale
from composeroll.rollout.stack import Stack
from composeroll.rollout.sync.sync import sync
from composeroll.rollout.sync.watch import sync_for_ever
from composeroll.rollout.update import Wanted, update
from composeroll.rollout.world import World
from tests.sim.faults import Fault, Killed, by_number
from tests.sim.interference import Move, Outside
from tests.sim.judge import Broken
from tests.sim.locks import locks_of_run
from tests.sim.process import Process
from tests.sim.readiness import Readiness
from tests.sim.single_nginx import SingleNginx
from tests.sim.survey import Survey

if TYPE_CHECKING:
    from tests.sim.world import Sim


class Verb(StrEnum):
    """What a run does."""

    UPDATE = "update"
    FORCE = "update --force"
    SYNC = "sync"
    WATCH = "sync --watch"
    ALL = "update --all"
    SCALE = "scale"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Moved:
    """The world moves before the moment with this number."""

    number: int
    move: Move
    chance: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What is asked of one run, and what happens to it.

    Attributes:
        count: how many replicas `scale` asks for.
        patience: seconds it waits for locks.
        to: the revision that `rollback` goes to, the one before where it is None.
        pull: what `update` pulls.
        lasts: seconds after which `sync --watch` is ended by a signal.
    """

    services: tuple[str, ...]
    verb: Verb = Verb.UPDATE
    count: int = 1
    patience: float = 0.0
    to: int | None = None
    pull: Pull = Pull.ALWAYS
    lasts: float = 60.0
    faults: Sequence[Fault] = ()
    moves: Sequence[Moved] = ()


@dataclass(slots=True)
class Life:
    """One run of the simulation, from its first call to its end.

    Attributes:
        end: how it ended, as an outcome or as the name of what was raised.
    """

    sim: Sim
    run: Run
    number: int
    process: Process = field(init=False)
    events: list[Event] = field(default_factory=list)
    failure: BaseException | None = None
    end: str = ""

    def __post_init__(self) -> None:
        self.process = Process(
            number=self.number,
            rolled=self.rolled,
            scales=self.run.verb is Verb.SCALE and any(map(self._shrinks, self.rolled)),
            count=self.run.count if self.run.verb is Verb.SCALE else None,
            forces=self.run.verb is Verb.FORCE,
            faults=by_number(self.run.faults),
            moves=self._moves(),
            looked=dict.fromkeys(self.sim.project.services, self.sim.judge.moves),
            stale=self.sim.judge.stale(),
        )

    @property
    def rolled(self) -> frozenset[str]:
        """The services that it may change: a rollback goes for one."""
        one = self.run.verb is Verb.ROLLBACK
        return frozenset(self.run.services[:1] if one else self.run.services)

    def _shrinks(self, service: str) -> bool:
        return self.run.count < len(self.sim.engine.of(service))

    def live(self) -> None:
        """Do what is asked, and note how it ended; in a race others go on after it."""
        try:
            self.end = self._do(self._stack()).value
        except (ComposerollError, Killed, Broken) as failure:
            self.failure = failure
            self.end = type(failure).__name__
        if self.end == "updated" and self.run.verb not in (Verb.SYNC, Verb.WATCH):
            scaled = self.run.verb is Verb.SCALE
            self.sim.judge.settle(self.rolled, self.run.count if scaled else None)

    def foresee(self) -> None:
        """A dry run."""
        update(self._stack(), Wanted(self.run.services, dry_run=True))

    def _do(self, stack: Stack) -> Outcome:
        run = self.run
        match run.verb:
            case Verb.UPDATE | Verb.FORCE | Verb.ALL:
                force, everything = run.verb is Verb.FORCE, run.verb is Verb.ALL
                wanted = Wanted(
                    run.services, force, run.pull, lock_wait=run.patience, everything=everything
                )
                return update(stack, wanted)
            case Verb.SYNC:
                repaired = sync(stack, run.services, run.patience)
                return Outcome.UPDATED if repaired else Outcome.UP_TO_DATE
            case Verb.WATCH:
                self.process.ends_at = self.sim.clock.now() + run.lasts
                with suppress(Interrupted):
                    sync_for_ever(stack, lambda: run.services)
                return Outcome.UP_TO_DATE
            case Verb.SCALE:
                return scale(stack, dict.fromkeys(run.services, run.count), run.patience)
            case Verb.ROLLBACK:
                return rollback(stack, run.services[0], run.to, run.patience)

    def _moves(self) -> dict[int, Sequence[Callable[[], None]]]:
        planned: dict[int, Sequence[Callable[[], None]]] = {}
        for moved in self.run.moves:
            service = self.run.services[moved.chance % len(self.run.services)]
            move = partial(Outside(self.sim).move, moved.move, service, moved.chance)
            planned[moved.number] = (*planned.get(moved.number, ()), move)
        return planned

    def _stack(self) -> Stack:
        sim, emit = self.sim, self._emit
        engine = ServingEngine(sim.engine, sim.clock.now, sim.project.single)
        locks = locks_of_run(sim.locks, sim.project.name, sim.faults, sim.clock, emit)
        me = Holder("tester", f"host-{self.number}", "", self.number, "", "composeroll")
        book = Book(sim.ledger, sim.images, sim.project.name, me)
        survey = Survey(sim.gateways, sim.faults)
        readiness = Readiness(sim.engine, sim.clock, sim.images, sim.faults)
        world = World(
            project=sim.project.name,
            engine=engine,
            gateways=survey.gateways,
            nginx=SingleNginx(sim.gateways, sim.engine, readiness, sim.faults),
            readiness=readiness,
            events=sim.engine.events,
            clock=sim.clock,
            emit=emit,
            shield=sim.faults.shield,
            lock=locks,
        )
        return Stack(
            project=sim.project,
            engine=engine,
            images=ComposeImages(sim.images, book, sim.project, emit),
            survey=survey,
            world=world,
            locate=".".join,
            locks=locks,
            book=book,
            host=Weightless(),
            active=lambda: sim.project.services,
            shows_replicas=False,
        )

    def _emit(self, event: Event) -> None:
        self.sim.faults.alive()
        self.events.append(event)
        self.sim.judge.hear(event)
        if isinstance(event, StepStarted):
            self.sim.faults.moment(f"begin: {event.step}")
        if isinstance(event, PhaseEnded) and event.phase in (Phase.APPLY, Phase.VERIFY):
            self.sim.faults.moment(f"end: {event.phase}")


class Weightless:
    """The memory of a host on which nothing needs any."""

    def memory_used_by(self, containers: Iterable[str]) -> Mapping[str, int]:
        """Nothing is used."""
        del containers
        return {}

    def memory_left(self) -> int:
        """And nothing is needed."""
        return 0

    def engine_version(self) -> str:
        """One that gives up what comes before its edge."""
        return "28.5.2"
