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
from composeroll.rollout.stack import Stack
from composeroll.rollout.sync.rejoin import rejoin
from composeroll.rollout.update import Wanted, update_held


def rollback(
    stack: Stack, service: str, revision: int | None = None, lock_wait: float = 0.0
) -> Outcome:
    """Bring back the version that served before, or a given revision.

    Afterwards the reference in the compose file names that image, so a plain `docker compose up -d`
    changes nothing. A later update does not bring the bad version back until its tag moves again.

    Raises:
        UsageError: there is no such revision.
        Refused: its image is no longer on the engine, or the file names an image by its digest.
        ComposerollError: as with an update; the reference then names the same image as before.
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
    """Note the other services with the same reference: it names the older image for them too."""
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
    """Return the image to roll back from; a rollout that was killed wrote nothing into the history.

    It is the image that the file's reference names, if that runs; otherwise one that runs and has
    not served according to the history; otherwise the one that served last.
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
    """Hold back the current version and tag the target; undo both if the block fails."""
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
    """Return the revision with that number; without a number, the previous one.

    If a rollback broke off, its target is the previous one: once it has brought its version back,
    the last other version in the history is the bad one.
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
    """Refuse if the image is not on the engine, or no tag can name it."""
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
