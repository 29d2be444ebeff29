"""What a lock contains: a sign of life, and what cannot be observed after a crash."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct, ValidationError, convert, field, to_builtins
from msgspec.structs import replace

from composeroll.config.durations import format_duration
from composeroll.rollout.lock.holder import Holder, read_holder

T = TypeVar("T")

LEASE = 45.0
"""Seconds without a sign of life, by the engine's clock, after which a remote holder is dead."""


class Found(Protocol):
    """A lock as read from the engine."""

    @property
    def id(self) -> str:
        """Full container ID."""
        ...

    @property
    def name(self) -> str:
        """Name of the lock."""
        ...

    @property
    def holder(self) -> str:
        """The holder, as JSON."""
        ...

    @property
    def note(self) -> str:
        """The holder's last note, as JSON."""
        ...

    @property
    def created(self) -> float:
        """When the lock was taken, in seconds of the engine's clock."""
        ...


class Intent(Struct, frozen=True):
    """What a rollout is to reach, kept in its lock so that the next run can finish it.

    Attributes:
        outgoing: why each outgoing replica goes, by full ID.
        wanted: how many replicas each service is to have.
        back_to: the image that a rollback of each service goes to: once it serves, the history no
            longer shows which version was meant.
        before: full IDs of the containers that each service had at the beginning.
        broke_off: a rollout was cut off: the running nginx may differ from its files.
        repairing: a `sync` is at work; if it is cut off, the running nginx may differ too.
    """

    outgoing: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, int] = field(default_factory=dict)
    back_to: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Sequence[str]] = field(default_factory=dict)
    broke_off: bool = False
    repairing: bool = field(default=False, name="mending")

    def merged(self, other: Intent) -> Intent:
        """Return both combined; `other` wins."""
        return Intent(
            {**self.outgoing, **other.outgoing},
            {**self.wanted, **other.wanted},
            {**self.back_to, **other.back_to},
            {**self.before, **other.before},
            self.broke_off or other.broke_off,
            self.repairing or other.repairing,
        )

    def about(self, service: str) -> Intent:
        """Return the part for the lock of one service; other services have their own.

        What this lock knows of another service may be out of date if that service was finished
        separately, and says nothing about how far this service came. An outgoing container that no
        service had at the beginning, for example one of an earlier broken rollout, may belong to
        this service: it stays in the intent, and is looked up before anything is done to it.
        """
        others = {one for name, ids in self.before.items() if name != service for one in ids}
        return replace(
            self,
            outgoing={one: why for one, why in self.outgoing.items() if one not in others},
            wanted=_of(service, self.wanted),
            back_to=_of(service, self.back_to),
            before=_of(service, self.before),
        )

    def at_least(self, counts: Mapping[str, int]) -> Intent:
        """Return the same with at least `counts` replicas: the file overrules a broken `scale`."""
        wanted = {name: max(many, counts.get(name, 0)) for name, many in self.wanted.items()}
        return replace(self, wanted=wanted)


def _of(service: str, known: Mapping[str, T]) -> Mapping[str, T]:
    return {name: value for name, value in known.items() if name == service}


class Note(Struct, frozen=True):
    """What a holder writes into its lock; the keys are those of the locks of earlier versions.

    Attributes:
        beat: the last sign of life, in seconds of the engine's clock.
        ended: the holder is gone, and left something half-done or could not release the lock.
    """

    beat: float
    ended: bool = False
    intent: Intent = field(default_factory=Intent, name="memory")

    def to_json(self) -> str:
        """Return the text that is stored in a lock."""
        return json.dumps(to_builtins(self))


def read_note(lock: Found) -> Note:
    """Parse a lock's note; if it is missing or truncated, the lock's creation is the last beat."""
    try:
        return convert(json.loads(lock.note), Note)
    except (ValueError, ValidationError):
        return Note(lock.created)


def is_abandoned(lock: Found, me: Holder, now: float) -> bool:
    """Return whether the lock's holder is gone.

    On the same machine the process table decides. For another machine, and if the process table
    hides other users' processes, `LEASE` seconds without a sign of life decide.
    """
    note, holder = read_note(lock), read_holder(lock.holder)
    if note.ended:
        return True
    lives = holder.lives(me) if holder else None
    return now - note.beat > LEASE if lives is None else not lives


class Held(Struct, frozen=True):
    """A lock, ready to print.

    Attributes:
        who: `root@host (pid 7)`.
        since: for how long the holder has had it.
        command: the holder's command line; empty if unknown.
        fate: what became of the holder; empty while it is at work.
        half_done: whether the holder left this service half-done, and did not only hold its lock.
    """

    service: str
    who: str
    since: str
    command: str
    fate: str = ""
    half_done: bool = False

    def __str__(self) -> str:
        return in_words([self])[0]


def in_words(locks: Sequence[Held]) -> tuple[str, ...]:
    """Return one sentence for each holder, about all locks that it holds."""
    holders: dict[tuple[str, str, str], list[Held]] = {}
    for lock in locks:
        holders.setdefault((lock.who, lock.command, lock.fate), []).append(lock)
    return tuple(map(_in_words, holders.values()))


def _in_words(locks: Sequence[Held]) -> str:
    first, names = locks[0], [lock.service for lock in locks]
    them, alone = ", ".join(names), len(names) == 1
    command = f": {first.command}" if first.command else ""
    if not first.fate:
        held = f"{them} {'is' if alone else 'are'} locked by {first.who}"
        return f"{held}, since {first.since}{command}"
    held = f"{them} {'was' if alone else 'were'} locked by {first.who}, {first.since} ago{command}"
    left = [lock.service for lock in locks if lock.half_done] or names
    return f"{held}; {first.fate}: `composeroll update {' '.join(left)}` finishes it"


def held_by(lock: Found, now: float) -> Held:
    """Return who holds the lock, since when, and with which command."""
    holder = read_holder(lock.holder)
    since = format_duration(round(now - lock.created))
    return Held(service_of(lock), whose(lock), since, holder.command if holder else "")


def whose(lock: Found) -> str:
    """Return the holder, for example `root@host (pid 7)`; `somebody` if it cannot be parsed."""
    return str(read_holder(lock.holder) or "somebody")


def seen_by(lock: Found, me: Holder, now: float) -> Held:
    """Return the same, with what became of the holder if it broke off."""
    held = held_by(lock, now)
    if not is_abandoned(lock, me, now):
        return held
    left = read_note(lock).intent != Intent()
    return replace(held, fate=_fate(lock, me, now), half_done=left)


def _fate(lock: Found, me: Holder, now: float) -> str:
    note, holder = read_note(lock), read_holder(lock.holder)
    if note.ended:
        return "it broke off"
    if holder and holder.lives(me) is False:
        return "it broke off, and that process is gone"
    silent = format_duration(round(now - note.beat))
    return f"it broke off: no sign of life for {silent}"


def service_of(lock: Found) -> str:
    """Return the service whose lock it is; only a service's name may contain dots."""
    return lock.name.split(".", 2)[2]


def lock_name(project: str, service: str) -> str:
    """Return the name of a service's lock."""
    return f"composeroll-lock.{project}.{service}"


def left_name(project: str, service: str) -> str:
    """Return the name under which a broken lock is set aside until the next run inherits it."""
    return f"composeroll-left.{project}.{service}"


def left_beside(lock: str) -> str:
    """Return the same, from the lock's name."""
    return left_name(*lock.split(".", 2)[1:])
