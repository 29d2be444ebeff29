"""Once the new version serves nothing is taken back: whatever goes wrong then is unfinished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from composeroll.errors import EngineError, Interrupted, Unfinished
from composeroll.report.events import Event, Outcome, PhaseStarted
from composeroll.rollout.applying.roll import roll
from composeroll.rollout.history.revision import Result
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.observing.observed import Observed, ServiceState
from tests.unit.nginx.fake import VirtualClock
from tests.unit.rollout.makers import MOVED, NEW, replica, state

OLD, MADE = replica(1), replace(replica(1, NEW), id="b" * 64)
SIGNAL = Interrupted("interrupted by SIGTERM", signum=15)
SERVING = "the new containers run"


@dataclass
class Late:
    """A rollout all of whose steps go well, and what comes after them.

    Attributes:
        looks: what is seen then.
        records: what becomes of the history.
        written: what it was told.
        preflights: whether compose was asked what scaling would break, look by look.
    """

    looks: Callable[[], ServiceState] = lambda: state([MADE])
    records: Callable[[], None] = lambda: None
    written: list[Result] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    preflights: list[bool] = field(default_factory=list)

    def roll(self, monkeypatch: pytest.MonkeyPatch) -> Outcome:
        """Take it."""
        monkeypatch.setattr("composeroll.rollout.applying.roll.apply", lambda *_: None)
        monkeypatch.setattr("composeroll.rollout.applying.again.observe", self._observe)
        world = SimpleNamespace(clock=VirtualClock(), emit=self.events.append)
        book = SimpleNamespace(keep_what_runs=lambda _: (), record=self._record)
        stack = SimpleNamespace(
            world=world, book=book, shows_replicas=False, project=None, engine=None, survey=None
        )
        intent = Intent(outgoing={OLD.id: MOVED}, wanted={"app": 1})
        observed = Observed("shop", (state([OLD]),))
        return roll(
            cast("Any", stack), observed, intent, residue=lambda now: now.services[0].outdated
        )

    def _observe(self, *_: object, preflight: bool) -> Observed:
        self.preflights.append(preflight)
        return Observed("shop", (self.looks(),))

    def _record(self, _: object, result: Result, *__: object) -> None:
        self.records()
        self.written.append(result)


def fails(failure: BaseException) -> Callable[[], Any]:
    """Always."""

    def fail() -> None:
        raise failure

    return fail


def test_where_nothing_is_left_to_do_it_is_updated(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Late()
    assert late.roll(monkeypatch) is Outcome.UPDATED
    assert late.written == [Result.UPDATED]
    titles = [event.title for event in late.events if isinstance(event, PhaseStarted)]
    assert titles == ["update app", "check that nothing is left to do"]
    assert late.preflights == [False], "nothing is scaled any more: a second or two for nothing"


def test_where_something_is_left_to_do_that_is_said_with_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late = Late(looks=lambda: state([replica(2)]))
    with pytest.raises(Unfinished, match="but not everything is as it should be") as failed:
        late.roll(monkeypatch)
    assert failed.value.serving == SERVING
    assert any("shop-app-2" in line for line in failed.value.evidence)
    assert late.written == [Result.UPDATED]


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (EngineError("the engine is busy"), "the engine is busy"),
        (SIGNAL, SIGNAL.what),
        (KeyError("a bug"), "an error in composeroll itself: KeyError"),
    ],
)
def test_a_last_look_that_fails_leaves_it_unfinished(
    failure: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Late(looks=fails(failure))
    with pytest.raises(Unfinished, match=said) as failed:
        late.roll(monkeypatch)
    assert failed.value.serving == SERVING
    assert failed.value.help == "run the same command again: it finishes what is half-done"


def test_a_signal_while_the_history_is_written_is_not_swallowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Unfinished, match=SIGNAL.what):
        Late(records=fails(SIGNAL)).roll(monkeypatch)


def test_a_history_that_cannot_be_written_leaves_it_updated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Late(records=fails(EngineError("full"))).roll(monkeypatch) is Outcome.UPDATED
