"""`sync --watch`: one look after each burst, and again while something is not right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import cast

import pytest

from composeroll.errors import EngineUnreachable, GatewayUnread, Interrupted, Locked
from composeroll.model import ContainerEvent
from composeroll.report.events import Event, Warned
from composeroll.rollout.stack import Stack
from composeroll.rollout.sync import watch
from composeroll.rollout.sync.sync import Synced

START, EXEC = "start", "exec_start: sh -c true"

Answer = Synced | Exception


class Watched:
    """A world of events at given seconds, in which each look ends as it is told.

    Attributes:
        looks: when it was looked and mended, and when strangers were looked for.
    """

    def __init__(self, events: Sequence[tuple[float, str]], looks: Sequence[Answer] = ()) -> None:
        self.time = 0.0
        self.looks: list[float] = []
        self.hunts: list[float] = []
        self.said: list[str] = []
        self.opened = 0
        self._events = list(events)
        self._answers = list(looks)

    def now(self) -> float:
        """The time."""
        return self.time

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds

    @contextmanager
    def events(self) -> Iterator[Watched]:
        """Open the stream."""
        self.opened += 1
        yield self

    def next(self, timeout: float) -> ContainerEvent | None:
        """The next event within the timeout; a signal comes when there is none left."""
        if not self._events and not self._answers and self.time > 60.0:
            raise Interrupted("interrupted", signum=15)
        if self._events and self._events[0][0] <= self.time + timeout:
            at, action = self._events.pop(0)
            self.time = max(at, self.time)
            return ContainerEvent(action, "c" * 64, "app")
        self.time += timeout
        return None

    def sync_once(self, stack: Stack, names: Sequence[str]) -> Synced:
        """One look."""
        del stack, names
        self.looks.append(self.time)
        answer = self._answers.pop(0) if self._answers else Synced()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def evict(self, stack: Stack, names: Sequence[str]) -> bool:
        """One hunt for strangers."""
        del stack, names
        self.hunts.append(self.time)
        return False

    def emit(self, event: Event) -> None:
        """Hear of a warning."""
        assert isinstance(event, Warned)
        self.said.append(event.text)


Watch = Callable[..., Watched]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Watch until a signal comes, a minute after all has happened."""

    def run(
        events: Sequence[tuple[float, str]] = (),
        looks: Sequence[Answer] = (),
        meant: Callable[[], Sequence[str]] = lambda: ["app"],
    ) -> Watched:
        world = Watched(events, looks)
        monkeypatch.setattr(watch, "sync_once", world.sync_once)
        monkeypatch.setattr(watch, "evict", world.evict)
        inside = SimpleNamespace(events=world.events, clock=world, emit=world.emit)
        stack = SimpleNamespace(world=inside, locks=SimpleNamespace(interrupted=None))
        with pytest.raises(Interrupted):
            watch.sync_for_ever(cast("Stack", stack), meant)
        return world

    return run


def test_it_looks_once_at_the_beginning_and_then_waits_for_events(watched: Watch) -> None:
    assert watched().looks == [0.0]


def test_an_nginx_that_cannot_tell_at_first_which_services_are_meant_is_asked_again(
    watched: Watch,
) -> None:
    """It was being restarted: nobody has to start the watch anew for that."""
    answers: list[Sequence[str] | GatewayUnread] = [GatewayUnread("nginx was killed"), ["app"]]

    def meant() -> Sequence[str]:
        answer = answers.pop(0) if answers[1:] else answers[0]
        if isinstance(answer, GatewayUnread):
            raise answer
        return answer

    world = watched(meant=meant)
    assert world.looks == [watch.RETRY]
    assert world.said == ["nginx was killed"]


def test_what_drains_on_is_looked_at_again_now_and_then(watched: Watch) -> None:
    looks = watched(looks=[Synced(draining=True), Synced(draining=True)]).looks
    assert looks == [0.0, watch.DRAINING, 2 * watch.DRAINING]


def test_a_burst_is_one_look_after_its_last_event(watched: Watch) -> None:
    world = watched([(20.0, START), (20.5, "die"), (21.0, START)])
    assert world.looks == [0.0, 21.0 + watch.QUIET]


def test_strangers_are_looked_for_at_the_first_event_of_a_burst(watched: Watch) -> None:
    assert watched([(20.0, START), (20.5, START)]).hunts == [20.0]


def test_what_happens_inside_containers_neither_wakes_it_nor_prolongs_a_burst(
    watched: Watch,
) -> None:
    world = watched([(10.0, EXEC), (20.0, START), *((20.0 + n / 10, EXEC) for n in range(1, 50))])
    assert world.looks == [0.0, 20.0 + watch.QUIET]


def test_a_burst_that_does_not_end_is_acted_on_all_the_same(watched: Watch) -> None:
    world = watched([(20.0 + n / 2, START) for n in range(60)])
    assert world.looks[1] == pytest.approx(20.0 + watch.LONGEST_BURST, abs=watch.QUIET)


def test_while_a_rollout_holds_the_lock_it_waits_and_looks_again(watched: Watch) -> None:
    locked = Locked("app is locked")
    world = watched(looks=[locked, locked, Synced()])
    assert world.looks == [0.0, watch.RETRY, 2 * watch.RETRY]
    assert world.said == []


def test_what_happens_inside_containers_does_not_keep_it_from_looking_again(
    watched: Watch,
) -> None:
    noise = [(n / 10, EXEC) for n in range(1, 200)]
    world = watched(noise, looks=[Locked("app is locked"), Synced()])
    assert world.looks == [0.0, pytest.approx(watch.RETRY, abs=0.2)]


def test_a_replica_that_is_not_ready_yet_is_asked_again(watched: Watch) -> None:
    waiting = Synced(unready=("shop-app-2",), settled=False)
    mended = Synced(("app",), settled=False)
    world = watched(looks=[waiting, mended, Synced()])
    assert world.looks == [0.0, watch.RETRY, 2 * watch.RETRY]
    assert world.said == []


def test_one_that_stays_so_is_told_of_once(watched: Watch) -> None:
    waiting = Synced(unready=("shop-app-2",), settled=False)
    world = watched(looks=[waiting, waiting, waiting, Synced()])
    assert len(world.said) == 1
    assert "shop-app-2" in world.said[0]


def test_what_broke_off_is_not_mended_again_and_again(watched: Watch) -> None:
    assert watched(looks=[Synced(("app",), settled=True)]).looks == [0.0]


def test_an_engine_that_goes_is_taken_up_again_and_told_of_once(watched: Watch) -> None:
    gone = EngineUnreachable("the engine does not answer")
    world = watched(looks=[gone, gone, Synced()])
    assert world.opened == 3
    assert world.said == ["the engine does not answer; trying again"]
