"""Whose turn it is: several runs in one world, one at a time, in an order that a seed decides.

Each run has a thread of its own, since composeroll is written as plain calls; but only the one
that has the turn ever moves, so a seed always tells the same story.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Lock, Thread

from tests.sim.process import Process

SWITCHES = 0.25
"""How likely the turn passes on at a moment at which both could go on."""


@dataclass(eq=False, slots=True)
class Runner:
    """One run's thread.

    Attributes:
        awaits: what it waits for, None where it can go on.
        until: when it goes on in any case.
    """

    process: Process
    baton: Lock = field(default_factory=Lock)
    awaits: Callable[[], bool] | None = None
    until: float = 0.0
    failure: BaseException | None = None

    def ready(self, now: float) -> bool:
        """Whether it can go on now."""
        return self.awaits is None or now >= self.until or self.awaits()


class Turns:
    """Who may move.

    Attributes:
        passed: how often the turn went from one run to another.
    """

    def __init__(
        self,
        begin: Callable[[Process], None],
        now: Callable[[], float],
        step: Callable[[float], None],
    ) -> None:
        self.passed = 0
        self._begin = begin
        self._now = now
        self._step = step
        self._runners: list[Runner] = []
        self._current: Runner | None = None
        self._dice = Random(0)  # noqa: S311 - a story that can be told again

    def moment(self) -> None:
        """Another run may go first."""
        if len(self._runners) > 1 and self._dice.random() < SWITCHES:
            self._pass_on()

    def wait(self, end: float, enough: Callable[[], bool]) -> None:
        """Until `end`, or until `enough` is true after something happened."""
        if self._current is None:
            while self._now() < end:
                self._step(end)
                if enough():
                    return
            return
        me = self._current
        me.awaits, me.until = enough, end
        self._pass_on()
        me.awaits = None

    def race(self, seed: int, runs: Sequence[tuple[Process, Callable[[], None]]]) -> None:
        """Let these runs go on side by side until all have ended."""
        self._dice = Random(seed)  # noqa: S311 - a story that can be told again
        self._runners = [Runner(process) for process, _ in runs]
        threads = [
            Thread(target=self._run, args=(runner, work), daemon=True)
            for runner, (_, work) in zip(self._runners, runs, strict=True)
        ]
        failed = list(self._runners)
        for runner in self._runners:
            runner.baton.acquire()
        for thread in threads:
            thread.start()
        self._give(self._dice.choice(self._runners))
        for thread in threads:
            thread.join()
        self._current = None
        for runner in failed:
            if runner.failure:
                raise runner.failure

    def _run(self, runner: Runner, work: Callable[[], None]) -> None:
        runner.baton.acquire()
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 - raised where the race was started
            runner.failure = failure
        self._runners.remove(runner)
        if not self._runners:
            return
        try:
            following = self._next()
        except BaseException as failure:  # noqa: BLE001 - as above: what happened while all waited
            runner.failure = runner.failure or failure
            following = self._runners[0]
        self._give(following)

    def _pass_on(self) -> None:
        me, other = self._current, self._next()
        if other is me or me is None:
            return
        self.passed += 1
        self._give(other)
        me.baton.acquire()

    def _give(self, runner: Runner) -> None:
        self._current = runner
        self._begin(runner.process)
        runner.baton.release()

    def _next(self) -> Runner:
        """One that can go on; where all wait, time passes until one can."""
        while not (ready := [r for r in self._runners if r.ready(self._now())]):
            self._step(min(r.until for r in self._runners))
        return ready[0] if len(ready) == 1 else self._dice.choice(ready)
