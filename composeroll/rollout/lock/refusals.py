"""Why a lock cannot be had, or is not held any longer, each with what helps."""

from __future__ import annotations

from composeroll.errors import Locked
from composeroll.rollout.lock.note import Found, held_by, service_of, whose

STAYS = "what was done so far stays as it is: the other run decides"


def taken_over(lock: Found) -> Locked:
    """Somebody else has it now."""
    return Locked(
        f"the lock {lock.name} was taken over by {whose(lock)}",
        STAYS,
        "`composeroll lock status`",
    )


def half_done(lock: Found) -> Locked:
    """Somebody left something to do for a service that is not to be rolled here."""
    service = service_of(lock)
    return Locked(
        f"a rollout of {service} broke off, and is to be finished first",
        "nothing was touched",
        f"`composeroll update {service}`",
    )


def held(lock: Found, now: float) -> Locked:
    """Somebody has it, and is at work."""
    return Locked(
        str(held_by(lock, now)),
        "nothing was touched",
        "wait for it with --lock-wait 10m; if you know that it is gone:"
        f" `composeroll lock release {service_of(lock)}`",
    )
