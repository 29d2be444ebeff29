"""Errors about locks that cannot be taken or were lost, each with the command that helps."""

from __future__ import annotations

from composeroll.errors import Locked
from composeroll.rollout.lock.note import Found, held_by, service_of, whose

STAYS = "what was done so far stays as it is: the other run decides"


def taken_over(lock: Found) -> Locked:
    """Return the error for a lock that another run holds now."""
    return Locked(
        f"the lock {lock.name} was taken over by {whose(lock)}",
        STAYS,
        "`composeroll lock status`",
    )


def half_done(lock: Found) -> Locked:
    """Return the error for a service that this run does not roll, and that is half-done."""
    service = service_of(lock)
    return Locked(
        f"a rollout of {service} broke off, and is to be finished first",
        "nothing was touched",
        f"`composeroll update {service}`",
    )


def held(lock: Found, now: float) -> Locked:
    """Return the error for a lock whose holder is at work."""
    return Locked(
        str(held_by(lock, now)),
        "nothing was touched",
        "wait for it with --lock-wait 10m; if you know that it is gone:"
        f" `composeroll lock release {service_of(lock)}`",
    )
