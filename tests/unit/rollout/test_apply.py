"""How a plan is taken and taken back, whatever its steps are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from composeroll.errors import (
    ComposerollError,
    EngineError,
    EngineUnreachable,
    Interrupted,
    Locked,
    LockLost,
    RolledBack,
    UndoFailed,
    Unfinished,
)
from composeroll.report.events import Event, StepEnded, StepFailed, StepStarted, StepUndone
from composeroll.rollout.applying.apply import Show, apply, show_nothing
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.steps import ReplaceReplicas, Step
from composeroll.rollout.world import Lock, World


@dataclass
class Diary:
    """A world that only writes down what happens, and whether signals were held back."""

    lines: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    shielded: bool = False

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Hold signals back."""
        self.shielded = True
        yield
        self.shielded = False


class Alone:
    """The lock of a world with one inhabitant."""

    def ensure(self) -> bool:
        """Nobody else is there."""
        return True


class Noting(Step, frozen=True):
    """A step that writes down what it is told, and fails where it shall."""

    name: str
    doing: BaseException | None = None
    undoing: BaseException | None = None

    def __str__(self) -> str:
        return self.name

    def do(self, world: World) -> None:
        """Write it down."""
        _note(world, self.name, self.doing)

    def undo(self, world: World) -> None:
        """Write it down; no signal may come here."""
        assert _diary(world).shielded
        _note(world, f"undo {self.name}", self.undoing)


class Moving(Noting, frozen=True):
    """One after which requests go elsewhere."""

    moves_traffic: ClassVar[bool] = True


def _diary(world: World) -> Diary:
    return cast("Diary", cast("Any", world.engine).diary)


def _note(world: World, line: str, failure: BaseException | None) -> None:
    _diary(world).lines.append(line)
    if failure:
        raise failure


@dataclass
class LostAfter:
    """A lock that somebody takes over after it was asked for so many times."""

    times: int

    def ensure(self) -> bool:
        """Ask for it."""
        self.times -= 1
        if self.times < 0:
            raise Locked("taken over")
        return True


class TakenAgain:
    """A lock that somebody has removed each time."""

    def ensure(self) -> bool:
        """Ask for it."""
        return False


class Disturbed(Noting, frozen=True):
    """A step whose work somebody else has changed."""

    def untouched(self, world: World) -> bool:
        """Never."""
        del world
        return False


def run(
    *reversible: Step,
    final: tuple[Step, ...] = (),
    lock: Lock | None = None,
    show: Show = show_nothing,
) -> tuple[Diary, BaseException | None]:
    """Apply a plan of these steps; what happened, and what was raised."""
    diary = Diary()
    nothing = cast("Any", SimpleNamespace(diary=diary, now=lambda: 0.0))
    world = World(
        "shop",
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
        diary.events.append,
        diary.shield,
        lock or Alone(),
    )
    try:
        apply(Plan(reversible, final), world, show)
    except BaseException as failure:  # noqa: BLE001 - what is raised is what is tested
        return diary, failure
    return diary, None


BROKEN = EngineError("broken", help="mend it", evidence=("a line",))


def test_steps_run_in_order_and_tell_when_they_begin_and_end() -> None:
    diary, failure = run(Noting("a"), Noting("b"), final=(Noting("c"),))
    assert failure is None
    assert diary.lines == ["a", "b", "c"]
    kinds = (StepStarted, StepEnded)
    seen = [(type(e), e.number, e.total) for e in diary.events if isinstance(e, kinds)]
    assert seen == [(kind, number, 3) for number in (1, 2, 3) for kind in kinds]


def showing(failure: BaseException) -> Show:
    """Always fails."""

    def show(done: Sequence[Step]) -> None:
        del done
        raise failure

    return show


@pytest.mark.parametrize("away", [EngineUnreachable("away"), EngineError("busy")])
def test_what_cannot_be_shown_ends_no_plan_and_hides_no_failure(away: ComposerollError) -> None:
    diary, failure = run(Noting("a"), final=(Noting("b"),), show=showing(away))
    assert (diary.lines, failure) == (["a", "b"], None)
    diary, failure = run(Noting("a"), Noting("b", BROKEN), show=showing(away))
    assert diary.lines == ["a", "b", "undo b", "undo a"]
    assert isinstance(failure, RolledBack)
    assert failure.what == "broken"


def test_a_signal_that_comes_while_something_is_shown_is_one() -> None:
    diary, failure = run(Noting("a"), show=showing(Interrupted("SIGTERM", signum=15)))
    assert isinstance(failure, Interrupted)
    assert not diary.lines


def test_a_half_done_step_is_undone_too_and_all_in_reverse() -> None:
    diary, failure = run(Noting("a"), Noting("b", BROKEN), Noting("c"), final=(Noting("d"),))
    assert diary.lines == ["a", "b", "undo b", "undo a"]
    assert isinstance(failure, RolledBack)
    assert (failure.what, failure.help, failure.evidence) == ("broken", "mend it", ("a line",))
    undone = [e.step for e in diary.events if isinstance(e, StepUndone)]
    assert undone == ["b", "a"]


def test_a_failing_step_is_told_before_it_is_undone() -> None:
    diary, _ = run(Noting("a", BROKEN))
    kinds = [type(e) for e in diary.events]
    assert kinds == [StepStarted, StepFailed, StepUndone]


@pytest.mark.parametrize("stuck", [EngineError("stuck"), KeyError("a bug")])
def test_the_way_back_ends_at_the_first_step_that_cannot_be_undone(stuck: Exception) -> None:
    diary, failure = run(Noting("a"), Noting("b", undoing=stuck), Noting("c", BROKEN))
    assert diary.lines == ["a", "b", "c", "undo c", "undo b"]
    assert isinstance(failure, UndoFailed)
    assert "broken; then undoing “b” failed" in failure.what
    assert (
        failure.serving
        == "the containers that are left keep running: `composeroll status` shows them"
    )
    assert failure.half_done


def test_a_signal_before_the_line_is_undone_and_stays_a_signal() -> None:
    signal = Interrupted("interrupted by SIGTERM", signum=15)
    diary, failure = run(Noting("a"), Noting("b", signal))
    assert diary.lines == ["a", "b", "undo b", "undo a"]
    assert failure is signal
    assert signal.serving


@pytest.mark.parametrize("bug", [KeyError("a bug"), SystemExit(3)])
def test_a_bug_before_the_line_is_undone_like_any_failure(bug: BaseException) -> None:
    diary, failure = run(Noting("a", bug))
    assert diary.lines == ["a", "undo a"]
    assert isinstance(failure, RolledBack)
    assert type(bug).__name__ in failure.what


@pytest.mark.parametrize("late", [BROKEN, Interrupted("now", signum=15), KeyError("a bug")])
def test_past_the_line_there_is_only_forward(late: BaseException) -> None:
    diary, failure = run(Moving("a"), final=(Noting("b", late), Noting("c")))
    assert diary.lines == ["a", "b"]
    assert isinstance(failure, Unfinished)
    assert failure.serving == "traffic is on the new replicas"


def test_who_has_moved_no_traffic_says_nothing_of_any() -> None:
    _, failure = run(Noting("a"), final=(Noting("b", BROKEN), Moving("c")))
    assert isinstance(failure, Unfinished)
    assert failure.serving == "the new containers run"


def test_who_has_lost_the_lock_takes_nothing_back() -> None:
    lost: ComposerollError = Locked("taken over")
    diary, failure = run(Noting("a"), Noting("b", lost))
    assert diary.lines == ["a", "b"]
    assert failure is lost


def test_who_takes_a_lost_lock_again_goes_on_where_nobody_was_at_work_meanwhile() -> None:
    diary, failure = run(Noting("a"), Noting("b"), lock=TakenAgain())
    assert (diary.lines, failure) == (["a", "b"], None)


def test_who_finds_another_ones_work_when_the_lock_is_back_stops_and_takes_nothing_back() -> None:
    diary, failure = run(Noting("a"), Disturbed("b"), lock=TakenAgain())
    assert diary.lines == []
    assert isinstance(failure, LockLost)
    assert failure.half_done


def test_who_loses_the_lock_on_the_way_back_goes_no_further() -> None:
    diary, failure = run(Noting("a"), Noting("b"), Noting("c", BROKEN), lock=LostAfter(4))
    assert diary.lines == ["a", "b", "c", "undo c"]
    assert isinstance(failure, Locked)


def test_who_loses_the_lock_past_the_line_leaves_the_rest_to_whoever_has_it() -> None:
    diary, failure = run(Noting("a"), final=(Noting("b"), Noting("c")), lock=LostAfter(2))
    assert diary.lines == ["a", "b"]
    assert isinstance(failure, Locked)


def test_what_was_removed_is_not_told_as_undone() -> None:
    class Removing(Noting, frozen=True):
        reports_undo: ClassVar[bool] = False

    diary, _ = run(Removing("clear"), Noting("start"), Noting("prove", BROKEN))
    assert [e.step for e in diary.events if isinstance(e, StepUndone)] == ["prove", "start"]


class Replaced(ReplaceReplicas, frozen=True):
    """One that only says that it ran."""

    def do(self, world: World) -> None:
        """Nothing."""

    def undo(self, world: World) -> None:
        """Nothing."""


@pytest.mark.parametrize("missed", [True, False])
def test_after_a_gap_it_is_said_that_what_was_stopped_serves_again(*, missed: bool) -> None:
    gap = Replaced("app", 1, "sha256:1", "app:1", renew_volumes=False, gap=missed)
    _, failure = run(gap, Noting("prove", doing=EngineError("no")))
    assert isinstance(failure, RolledBack)
    says = "was stopped in the meantime and serves again" if missed else "keeps serving"
    assert failure.serving == f"everything was undone: what served before {says}"
