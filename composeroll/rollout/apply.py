"""Run a plan: forward, back where a step fails, and only forward past the line."""

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
from composeroll.rollout.gap import Taken, gap, stops
from composeroll.rollout.planning.plan import Plan
from composeroll.rollout.steps import RemoveLeftovers, Step, StopReplicas
from composeroll.rollout.world import World

AGAIN = "run the same command again: it finishes what is half-done"
TRY_AGAIN = "run the same command again: it starts from the beginning"
MENDED = "mend what is named above, then run the same command again"
SERVING = "traffic is on the new replicas"
STAYING = "what is to serve from now on runs"
LEFT = "what is left runs on: `composeroll status` tells"
LOST = "somebody removed the lock of this rollout, and another one has changed the upstream since"
STAYS = "what was done so far stays as it is"

Show = Callable[[Sequence[Step]], None]
"""Told of the steps that are done, it shows where that leaves every replica."""


def unseen(done: Sequence[Step]) -> None:
    """Show nothing."""
    del done


def apply(plan: Plan, world: World, show: Show = unseen) -> None:
    """Take every step of the plan.

    Args:
        plan: what to do.
        world: what to do it to.
        show: told of the steps done so far, before the first and after each.

    Raises:
        RolledBack: a reversible step failed; everything was taken back.
        Locked: somebody else has taken over; nothing is taken back.
        LockLost: somebody else was at work while the lock was gone; nothing is taken back either.
        Interrupted: a signal came before the line; everything was taken back.
        UndoFailed: a reversible step failed, and so did taking one back.
        Unfinished: a step past the line failed, or a signal came there.
    """
    _show(show, ())
    done: list[Step] = []
    try:
        _take_all(plan, done, world, show)
    except (Locked, LockLost):
        raise  # somebody else decides now: taking anything back would be against their plan
    except BaseException as failure:
        if len(done) > len(plan.reversible):
            serving = _said_to_serve(failure) or now_serving(done)
            raise Unfinished(what_of(failure), serving, AGAIN, _evidence(failure)) from failure
        with world.shield():
            _undo(done, failure, world, plan)
            _show(show, ())
            # still inside: a second signal has nothing left to end
            _tell_rolled_back(failure, done)


def _take_all(plan: Plan, done: list[Step], world: World, show: Show) -> None:
    """Take the steps; `done` tells whoever has to deal with a failure how far that went."""
    taken: list[Taken] = []
    for number, step in enumerate(plan.steps, start=1):
        done.append(step)  # before it runs: a half-done step is undone too
        taken.append(_take(step, number, plan, world))
        _show(show, done)
        if number == len(plan.reversible) and (over := gap(taken)):
            world.emit(Noted(over))


def _show(show: Show, done: Sequence[Step]) -> None:
    """It is for people to see: where it cannot be shown, the steps go on all the same."""
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
    """Hold the lock; where it was gone for a while, see that nobody has been at work meanwhile.

    Raises:
        Locked: somebody is.
        LockLost: somebody has been, and is done.
    """
    if world.lock.ensure() or all(step.untouched(world) for step in plan.steps):
        return
    raise LockLost(LOST, STAYS, AGAIN)


def _undo(done: Sequence[Step], failure: BaseException, world: World, plan: Plan) -> None:
    """Take steps back, last first; the first that fails ends it.

    While the upstream still names the new replicas they have to stay; and whoever has taken the
    lock meanwhile may be using them.
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
                f"{what_of(failure)}; then taking back “{step}” failed: {what_of(stuck)}",
                _left(done),
                AGAIN,
                _evidence(failure) + _evidence(stuck),
            ) from failure
        if step.comes_back:
            world.emit(StepUndone(str(step), world.clock.now() - began))


def _left(done: Sequence[Step]) -> str:
    """What a way back leaves that was not gone to its end."""
    halted = [step.service for step in done if isinstance(step, StopReplicas)]
    stopped = dict.fromkeys((*halted, *(name for step in done for name in stops(step))))
    if stopped:
        return f"{' and '.join(stopped)} may not serve: `composeroll status` tells"
    return LEFT


def _said_to_serve(failure: BaseException) -> str | None:
    """A step that has seen in time that it must not be done knows who serves."""
    return failure.serving if isinstance(failure, NotReady) else None


def now_serving(steps: Sequence[Step]) -> str:
    """What serves past the line, once these steps are done."""
    return SERVING if any(step.moves_traffic for step in steps) else STAYING


def _tell_rolled_back(failure: BaseException, done: Sequence[Step]) -> NoReturn:
    stopped = [name for step in done for name in stops(step)]
    served = "was stopped meanwhile, and serves again" if stopped else "serves on"
    serving = f"everything was taken back: what served before {served}{_cleared(done)}"
    if isinstance(failure, Interrupted):
        failure.serving, failure.help = serving, TRY_AGAIN
        raise failure
    help_ = (failure.help if isinstance(failure, ComposerollError) else None) or MENDED
    raise RolledBack(what_of(failure), serving, help_, _evidence(failure)) from failure


def _cleared(done: Sequence[Step]) -> str:
    """What did not serve and does not come back; how far a step got that failed, nobody knows."""
    cleared = [r.name for s in done[:-1] if isinstance(s, RemoveLeftovers) for r in s.replicas]
    if not cleared:
        return ""
    stay = "stays" if len(cleared) == 1 else "stay"
    names = ", ".join(cleared)
    return (
        f"; {names}, which did not serve, {stay} removed: the same command finishes what it began"
    )


def what_of(failure: BaseException) -> str:
    """One sentence, of a bug too."""
    if isinstance(failure, ComposerollError):
        return failure.what
    return f"an error in composeroll itself: {type(failure).__name__}: {failure}"


def _evidence(failure: BaseException) -> tuple[str, ...]:
    return failure.evidence if isinstance(failure, ComposerollError) else ()
