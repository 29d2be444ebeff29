"""`rollback`: the same rollout, to an image that served before, without a registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from composeroll.config.project import Service, reference_of
from composeroll.config.settings import Pull
from composeroll.errors import ComposerollError, Locked, Refused, UsageError
from composeroll.report.events import Noted, Outcome
from composeroll.report.wording import short_image
from composeroll.rollout.behind import behind
from composeroll.rollout.history.revision import Result, Revision, latest, previous, running
from composeroll.rollout.images import sharing_image_of
from composeroll.rollout.lock.note import Intent
from composeroll.rollout.rejoin import rejoin
from composeroll.rollout.stack import Stack
from composeroll.rollout.update import Wanted, update_held


def rollback(
    stack: Stack, service: str, revision: int | None = None, lock_wait: float = 0.0
) -> Outcome:
    """Bring back what served before, or a certain revision.

    Afterwards the reference that the file gives the service names that image, whatever it was
    called then, so a plain `docker compose up -d` changes nothing; and a later update does not
    bring the bad version back until its tag moves again.

    Raises:
        UsageError: there is no such revision.
        Refused: its image is no longer on the engine, or the file names an image by its digest.
        ComposerollError: as with an update; the reference then names what it named before.
    """
    services = stack.project.pick([service])
    rejoin(stack, lock_wait)
    with stack.locks.hold([service], lock_wait, behind(stack, [service])) as left:
        revisions = stack.book.revisions(service)
        reference = reference_of(stack.project, services[0])
        now = _image_of_now(stack, service, reference, revisions)
        target = _target(service, revisions, revision, left.back_to.get(service, ""), now)
        _require_image(stack, target, reference)
        stack.world.emit(Noted(f"back to revision {target.number}, of {target.at}"))
        _tell_of_sharers(stack, services[0], reference)
        stack.locks.record_intent(Intent(back_to={service: target.image}), overrule=True)
        before = stack.engine.image_id(reference) or ""
        with _leaving(stack, target, reference, now):
            end = update_held(stack, services, Wanted((service,), pull=Pull.NEVER), left)
        if _keeps_the_name(services[0], target, reference) and before not in ("", target.image):
            _tell_of_the_name(stack, target, reference, before)
        return end


def _keeps_the_name(service: Service, target: Revision, reference: str) -> bool:
    """Return whether no pull moves the reference: it was another then, or is not pulled."""
    pulled = service.image and service.pull_policy not in ("never", "build")
    return reference != target.reference or not pulled


def _tell_of_the_name(stack: Stack, target: Revision, reference: str, before: str) -> None:
    """Note that the reference names an older image now: any later use of it would get that one."""
    held = stack.book.held_as(target.service, before)
    back = f"; `docker tag {held} {reference}` restores it" if held else ""
    stack.world.emit(
        Noted(
            f"{reference} names {short_image(target.image)} on this engine from now on, no longer"
            f" {short_image(before)}{back}"
        )
    )


def _tell_of_sharers(stack: Stack, service: Service, reference: str) -> None:
    """The reference is one for all of them: who made it name an older image did so for each."""
    others = sharing_image_of(stack.project, service)
    if others:
        have, them = ("has", "it") if len(others) == 1 else ("have", "them")
        stack.world.emit(
            Noted(
                f"{' and '.join(others)} {have} the image {reference} too: the next update, or a"
                f" plain `docker compose up -d`, brings {them} the older version as well"
            )
        )


def _image_of_now(stack: Stack, service: str, reference: str, revisions: Sequence[Revision]) -> str:
    """What it is to leave: a rollout that was killed wrote nothing into the history.

    It is what the file means, where that runs; else what runs and never came to serve as far as the
    history knows; else what came to serve last.
    """
    images = {r.image for r in stack.engine.replicas([service]) if r.running}
    meant = stack.engine.image_id(reference)
    if meant in images:
        return meant or ""
    served = running(revisions)
    unknown = images - {r.image for r in revisions if r.result is not Result.FAILED}
    return min(unknown, default=served.image if served else "")


@contextmanager
def _leaving(stack: Stack, target: Revision, reference: str, now: str) -> Iterator[None]:
    """Hold the version of now back and let the reference name the target; a failure undoes both."""
    service = target.service
    before, held = stack.engine.image_id(reference), stack.book.held_images(service)
    bad = now if now != target.image else ""
    try:
        if bad:
            stack.book.hold_back(service, bad)
        stack.world.engine.tag(target.image, reference)
        yield
    except Locked:
        raise  # the run that has the lock now decides what the reference names
    except ComposerollError as failure:
        if before and not failure.half_done:
            with stack.world.shield():
                stack.world.engine.tag(before, reference)
                if bad and bad not in held:
                    stack.book.let_one_pass(service, bad)
        raise


def _target(
    service: str, revisions: Sequence[Revision], number: int | None, meant: str, now: str
) -> Revision:
    """The revision of that number; without one what a rollback that broke off meant, or the last.

    Once a rollback has brought its version back, the last other one is what it went away from.
    """
    if number is None:
        found = latest(revisions, meant) or previous(revisions, now)
        missing = f"{service} has no earlier revision to go back to"
    else:
        found = next((r for r in revisions if r.number == number), None)
        missing = f"{service} has no revision {number}"
    if found is None:
        raise UsageError(missing, help=f"`composeroll history {service}`")
    return found


def _require_image(stack: Stack, target: Revision, reference: str) -> None:
    """Refuse where there is no such image, or no tag that could name it."""
    if stack.engine.image_id(target.image) is None:
        raise Refused(
            f"the image of revision {target.number} is no longer on the engine",
            help=f"`composeroll history {target.service}` shows what is;"
            " x-composeroll.keep says how many are kept",
        )
    if "@" in reference:
        raise Refused(
            f"the file gives {target.service} the image {reference}, by its digest, and no other"
            " image can have that name",
            help=f"write image: {target.reference} into the file, then"
            f" `composeroll update {target.service}`",
        )
