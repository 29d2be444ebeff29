"""`rollback`: the same rollout, to an image that served before, without a registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from composeroll.config.settings import Pull
from composeroll.errors import ComposerollError, Locked, Refused, UsageError
from composeroll.report.events import Noted, Outcome
from composeroll.rollout.behind import behind
from composeroll.rollout.history.revision import Revision, latest, previous, running
from composeroll.rollout.lock.note import Memory
from composeroll.rollout.stack import Stack
from composeroll.rollout.update import Wanted, update_held


def rollback(
    stack: Stack, service: str, revision: int | None = None, lock_wait: float = 0.0
) -> Outcome:
    """Bring back what served before, or a certain revision.

    Afterwards the service's reference names that image, so a plain `docker compose up -d` changes
    nothing; and a later update does not bring the bad version back until its tag moves again.

    Raises:
        UsageError: there is no such revision.
        Refused: its image is no longer on the engine.
        ComposerollError: as with an update; the reference then names what it named before.
    """
    services = stack.project.pick([service])
    with stack.locks.hold([service], lock_wait, behind(stack, [service])) as left:
        revisions = stack.book.revisions(service)
        meant = left.back_to.get(service, "")
        target = _target(service, revisions, revision, meant)
        if stack.engine.image_id(target.image) is None:
            raise _gone(target)
        stack.world.emit(Noted(f"back to revision {target.number}, of {target.at}"))
        stack.locks.remember(Memory(back_to={service: target.image}), anew=True)
        with _leaving(stack, service, running(revisions), target):
            return update_held(stack, services, Wanted((service,), pull=Pull.NEVER))


@contextmanager
def _leaving(stack: Stack, service: str, now: Revision | None, target: Revision) -> Iterator[None]:
    """Hold the version of now back and let its reference name the target; a failure undoes both."""
    before, held = stack.engine.image_id(target.reference), stack.book.held_image(service)
    bad = now.image if now and now.image != target.image else ""
    try:
        if bad:
            stack.book.hold_back(service, bad)
        stack.world.engine.tag(target.image, target.reference)
        yield
    except Locked:
        raise  # whoever has the lock now decides what the reference names
    except ComposerollError as failure:
        if before and not failure.half_done:
            with stack.world.shield():
                stack.world.engine.tag(before, target.reference)
                _hold_again(stack, service, held, bad)
        raise


def _hold_again(stack: Stack, service: str, held: str, bad: str) -> None:
    """Hold back what was held back before, which may be nothing."""
    if held:
        stack.book.hold_back(service, held)
    elif bad:
        stack.book.let_pass(service)


def _target(
    service: str, revisions: tuple[Revision, ...], number: int | None, meant: str
) -> Revision:
    """The revision of that number; without one what a rollback that broke off meant, or the last.

    Once a rollback has brought its version back, the last other one is what it went away from.
    """
    if number is None:
        found = latest(revisions, meant) or previous(revisions)
        missing = f"{service} has no earlier revision to go back to"
    else:
        found = next((r for r in revisions if r.number == number), None)
        missing = f"{service} has no revision {number}"
    if found is None:
        raise UsageError(missing, help=f"composeroll history {service}")
    return replace(found)


def _gone(target: Revision) -> Refused:
    return Refused(
        f"the image of revision {target.number} is no longer on the engine",
        "nothing was touched",
        f"composeroll history {target.service} shows what is; x-composeroll.keep says how many"
        " are kept",
    )
