"""Run a plan. If a step fails, undo all; past the point of no return, only go forward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from composeroll.errors import (
    ComposerollError,
    Interrupted,
    Locked,
    LockLost,
    NotReady,
    RolledBack,
    UndoFailed,
    Unfinished,
)
from composeroll.report.events import Noted, StepEnded, StepFailed, StepStarted, StepUndone
from composeroll.rollout.applying.gap import Taken, gap, stops
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.steps import RemoveLeftovers, Step, StopReplicas
from composeroll.rollout.world import World

AGAIN = "run the same command again: it finishes what is half-done"
TRY_AGAIN = "run the same command again: it starts from the beginning"
FIX_IT = "fix what is named above, then run the same command again"
SERVING = "traffic is on the new replicas"
STAYING = "the new containers run"
LEFT = "the containers that are left keep running: `composeroll status` shows them"
LOST = "the lock of this rollout was removed, and another rollout has changed the upstream since"
STAYS = "what was done so far stays as it is"

Show = Callable[[Sequence[Step]], None]
"""Given the steps that are done, shows the state of every replica."""


def show_nothing(done: Sequence[Step]) -> None:
    """Show nothing."""
    del done


def apply(plan: Plan, world: World, show: Show = show_nothing) -> None:
    """Take every step of the plan.

    Args:
        plan: the steps.
        world: what the steps act on.
        show: called with the steps done so far, before the first and after each.

    Raises:
        RolledBack: a reversible step failed; everything was undone.
        Locked: another run has taken the lock; nothing is undone.
        LockLost: another run changed something while the lock was gone; nothing is undone.
        Interrupted: a signal came before the point of no return; everything was undone.
        UndoFailed: a reversible step failed, and so did undoing one.
        Unfinished: a step past the point of no return failed, or a signal came there.
    """
    _show(show, ())
    done: list[Step] = []
    try:
        _take_all(plan, done, world, show)
    except (Locked, LockLost):
        raise  # another run decides now: undoing anything could break its rollout
    except BaseException as failure:
        if len(done) > len(plan.reversible):
            serving = _said_to_serve(failure) or now_serving(done)
            raise Unfinished(what_of(failure), serving, AGAIN, _evidence(failure)) from failure
        with world.shield():
            _undo(done, failure, world, plan)
            _show(show, ())
            # inside the shield: a second signal must not replace this error
            _raise_rolled_back(failure, done)


def _take_all(plan: Plan, done: list[Step], world: World, show: Show) -> None:
    """Take the steps, and add each to `done` before it runs, so that a half-done one is undone."""
    taken: list[Taken] = []
    for number, step in enumerate(plan.steps, start=1):
        done.append(step)
        taken.append(_take(step, number, plan, world))
        _show(show, done)
        if number == len(plan.reversible) and (over := gap(taken)):
            world.emit(Noted(over))


def _show(show: Show, done: Sequence[Step]) -> None:
    """Show the replicas; if that fails, the rollout continues: the table is only for people."""
    try:
        show(done)
    except Interrupted:
        raise
    except ComposerollError:
        return


def _take(step: Step, number: int, plan: Plan, world: World) -> Taken:
    began, total = world.clock.now(), len(plan.steps)
    world.emit(StepStarted(number, total, str(step), step.reason))
    try:
        _ensure_alone(plan, world)
        step.do(world)
    except BaseException as failure:
        world.emit(StepFailed(number, total, str(step), what_of(failure)))
        raise
    ended = world.clock.now()
    world.emit(StepEnded(number, total, str(step), ended - began))
    return Taken(step, began, ended)


def _ensure_alone(plan: Plan, world: World) -> None:
    """Hold the lock; if it was gone for a while, check that no other run has changed anything.

    Raises:
        Locked: another run has the lock.
        LockLost: another run has changed something, and has ended.
    """
    if world.lock.ensure() or all(step.untouched(world) for step in plan.steps):
        return
    raise LockLost(LOST, STAYS, AGAIN)


def _undo(done: Sequence[Step], failure: BaseException, world: World, plan: Plan) -> None:
    """Undo the steps, the last first; stop at the first undo that fails.

    As long as the upstream names the new replicas, they have to stay; and another run that has
    taken the lock may be using them.
    """
    for step in reversed(done):
        began = world.clock.now()
        try:
            _ensure_alone(plan, world)
            step.undo(world)
        except (Locked, LockLost):
            raise
        except Exception as stuck:  # noqa: BLE001 - a bug must not hide what still runs
            raise UndoFailed(
                f"{what_of(failure)}; then undoing “{step}” failed: {what_of(stuck)}",
                _left(done),
                AGAIN,
                _evidence(failure) + _evidence(stuck),
            ) from failure
        if step.reports_undo:
            world.emit(StepUndone(str(step), world.clock.now() - began))


def _left(done: Sequence[Step]) -> str:
    """Return what serves after an undo that failed, as a sentence."""
    halted = [step.service for step in done if isinstance(step, StopReplicas)]
    stopped = dict.fromkeys((*halted, *(name for step in done for name in stops(step))))
    if stopped:
        return f"{' and '.join(stopped)} may not serve: `composeroll status` shows it"
    return LEFT


def _said_to_serve(failure: BaseException) -> str | None:
    """Return what serves, if the failed step says so: it had noticed in time not to go on."""
    return failure.serving if isinstance(failure, NotReady) else None


def now_serving(steps: Sequence[Step]) -> str:
    """Return what serves past the point of no return, once these steps are done."""
    return SERVING if any(step.moves_traffic for step in steps) else STAYING


def _raise_rolled_back(failure: BaseException, done: Sequence[Step]) -> NoReturn:
    stopped = [name for step in done for name in stops(step)]
    served = "was stopped in the meantime and serves again" if stopped else "keeps serving"
    serving = f"everything was undone: what served before {served}{_cleared(done)}"
    if isinstance(failure, Interrupted):
        failure.serving, failure.help = serving, TRY_AGAIN
        raise failure
    help_ = (failure.help if isinstance(failure, ComposerollError) else None) or FIX_IT
    raise RolledBack(what_of(failure), serving, help_, _evidence(failure)) from failure


def _cleared(done: Sequence[Step]) -> str:
    """Return the leftovers that were removed and are not restored, as the end of a sentence.

    Without those of the last step, which failed: how many of them it removed is unknown.
    """
    cleared = [r.name for s in done[:-1] if isinstance(s, RemoveLeftovers) for r in s.replicas]
    if not cleared:
        return ""
    stay = "stays" if len(cleared) == 1 else "stay"
    names = ", ".join(cleared)
    return (
        f"; {names}, which did not serve, {stay} removed: the same command finishes what it began"
    )


def what_of(failure: BaseException) -> str:
    """Return one sentence about an error, also about a bug."""
    if isinstance(failure, ComposerollError):
        return failure.what
    return f"an error in composeroll itself: {type(failure).__name__}: {failure}"


def _evidence(failure: BaseException) -> tuple[str, ...]:
    return failure.evidence if isinstance(failure, ComposerollError) else ()
