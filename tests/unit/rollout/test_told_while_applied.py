"""What a plan tells and shows while it is taken: how long each step took, what is done by then."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import EngineError, RolledBack, UndoFailed
from composeroll.report.events import Event, Noted, StepEnded, StepStarted, StepUndone
from composeroll.rollout.applying.apply import apply
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.steps import ReplaceReplicas, Step
from composeroll.rollout.world import World
from tests.unit.nginx.fake import VirtualClock


@dataclass
class Applied:
    """A plan that was taken where each step takes some seconds, and as long to be taken back.

    Attributes:
        shown: the steps that were done, each time that was shown.
    """

    clock: VirtualClock = field(default_factory=VirtualClock)
    events: list[Event] = field(default_factory=list)
    shown: list[tuple[str, ...]] = field(default_factory=list)

    def take(self, *reversible: Step, final: tuple[Step, ...] = ()) -> None:
        """Take these, beginning long after the clock began."""
        self.clock.wait(1000.0)
        world = SimpleNamespace(
            clock=self.clock,
            emit=self.events.append,
            shield=nullcontext,
            lock=SimpleNamespace(ensure=lambda: True),
        )
        apply(Plan(reversible, final), cast("World", cast("Any", world)), self._show)

    def _show(self, done: Sequence[Step]) -> None:
        self.shown.append(tuple(map(str, done)))


class Lasting(Step, frozen=True):
    """A step that takes a while, and fails where it shall."""

    name: str
    seconds: float = 1.0
    fails: bool = False

    def __str__(self) -> str:
        return self.name

    def do(self, world: World) -> None:
        """Let the time pass."""
        world.clock.wait(self.seconds)
        if self.fails:
            raise EngineError("broken")

    def undo(self, world: World) -> None:
        """Let it pass again."""
        world.clock.wait(self.seconds)


class Gap(ReplaceReplicas, frozen=True):
    """One that stops what serves, and may not be able to bring it back."""

    stuck: bool = False

    def do(self, world: World) -> None:
        """Let two seconds pass."""
        world.clock.wait(2.0)

    def undo(self, world: World) -> None:
        """Fail where it shall."""
        del world
        if self.stuck:
            raise EngineError("no such image")


def replaced(name: str, *, stuck: bool = False) -> Gap:
    """One service in place."""
    return Gap(name, 1, "sha256:1", f"{name}:1", renew_volumes=False, stuck=stuck)


def test_every_step_says_how_long_it_took_also_on_the_way_back() -> None:
    applied = Applied()
    with pytest.raises(RolledBack):
        applied.take(Lasting("a", 2.0), Lasting("b", 5.0), Lasting("c", fails=True))
    ended = [(e.step, e.seconds) for e in applied.events if isinstance(e, StepEnded)]
    undone = [(e.step, e.seconds) for e in applied.events if isinstance(e, StepUndone)]
    assert ended == [("a", 2.0), ("b", 5.0)]
    assert undone == [("c", 1.0), ("b", 5.0), ("a", 2.0)]


def test_replicas_are_shown_before_the_first_step_and_after_each() -> None:
    applied = Applied()
    applied.take(Lasting("a"), Lasting("b"), final=(Lasting("c"),))
    assert applied.shown == [(), ("a",), ("a", "b"), ("a", "b", "c")]


def test_how_long_a_service_did_not_answer_is_told_at_the_line() -> None:
    applied = Applied()
    applied.take(replaced("code"), Lasting("prove"), final=(Lasting("retire"),))
    (noted,) = (e for e in applied.events if isinstance(e, Noted))
    assert noted.text == "code did not answer for 3.0s at most"
    after = applied.events[applied.events.index(noted) + 1]
    assert isinstance(after, StepStarted)
    assert after.step == "retire"


def test_a_way_back_that_stops_half_way_says_who_may_not_serve() -> None:
    with pytest.raises(UndoFailed) as failed:
        Applied().take(replaced("code", stuck=True), replaced("app"), Lasting("c", fails=True))
    assert failed.value.serving == "code and app may not serve: `composeroll status` shows it"
