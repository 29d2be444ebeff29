"""What a rollout writes into the history, and what it says where that cannot be written."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from composeroll.errors import ComposerollError, EngineError, Locked, RolledBack
from composeroll.report.events import Event, Warned
from composeroll.rollout.applying.roll import roll
from composeroll.rollout.history.revision import Result
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.observing.observed import Observed
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import MOVED, replica, state

OLD = replica(1)
FULL = EngineError("no space left on device")


@dataclass
class Office:
    """A rollout whose first step fails after five seconds, and the history that hears of it.

    Attributes:
        gone: what earlier batches have replaced.
        lost: services whose image of now cannot be kept.
    """

    failure: ComposerollError
    cannot_write: ComposerollError | None = None
    gone: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    written: list[tuple[Result, float]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=VirtualClock)

    def roll(self) -> None:
        """Begin long after the clock began."""
        self.clock.wait(1000.0)
        world = SimpleNamespace(
            clock=self.clock,
            emit=self.events.append,
            shield=nullcontext,
            lock=SimpleNamespace(ensure=self._ensure),
            engine=SimpleNamespace(replicas=lambda _: (OLD,)),
        )
        book = SimpleNamespace(keep_what_runs=lambda _: self.lost, record=self._record)
        stack = SimpleNamespace(world=world, book=book, shows_replicas=False)
        observed = Observed("shop", (state([OLD]),))
        outgoing = dict.fromkeys((OLD.id, *self.gone), MOVED)
        intent = Intent(outgoing=outgoing, wanted={"app": 1})
        roll(cast("Any", stack), observed, intent, residue=lambda _: {})

    def _ensure(self) -> bool:
        """Fail the first time; the way back is free."""
        if self.clock.now() < 1005.0:
            self.clock.wait(5.0)
            raise self.failure
        return True

    def _record(self, _: object, result: Result, seconds: float, *__: object) -> None:
        if self.cannot_write:
            raise self.cannot_write
        self.written.append((result, seconds))


def test_a_rollout_that_was_taken_back_is_written_down_with_how_long_it_took() -> None:
    office = Office(EngineError("broken"))
    with pytest.raises(RolledBack):
        office.roll()
    assert office.written == [(Result.FAILED, 5.0)]


def test_what_serves_from_an_image_that_is_gone_has_no_way_back_and_that_is_told() -> None:
    office = Office(EngineError("broken"), lost=("app",))
    with pytest.raises(RolledBack):
        office.roll()
    (warned,) = [event.text for event in office.events if isinstance(event, Warned)]
    assert warned.startswith("the image that app runs is no longer on the engine: no rollback ")


def test_who_has_lost_the_lock_leaves_the_history_to_whoever_has_it() -> None:
    office = Office(Locked("taken over"))
    with pytest.raises(Locked):
        office.roll()
    assert office.written == []


def test_a_history_that_cannot_be_written_is_a_warning_and_hides_no_failure() -> None:
    office = Office(EngineError("broken"), cannot_write=FULL)
    with pytest.raises(RolledBack, match="broken"):
        office.roll()
    warned = [event.text for event in office.events if isinstance(event, Warned)]
    assert warned == ["the history could not be written: no space left on device"]


def test_a_batch_that_fails_after_others_says_that_they_serve_and_what_is_to_be_mended() -> None:
    office = Office(EngineError("broken", help="make room"), gone=("c" * 64,))
    with pytest.raises(RolledBack) as failed:
        office.roll()
    assert failed.value.serving == (
        "the new replicas of earlier batches serve, next to the old ones that are left"
    )
    assert failed.value.help == "make room"
    assert failed.value.half_done
