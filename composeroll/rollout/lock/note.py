"""What stands in a lock: a sign of life, and what nobody could observe after a crash."""

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
"""Seconds without a sign of life, by the engine's clock, after which a holder elsewhere is gone."""


class Found(Protocol):
    """A lock as the engine has it."""

    @property
    def id(self) -> str:
        """Full container ID."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def holder(self) -> str:
        """Who took it."""
        ...

    @property
    def note(self) -> str:
        """What they wrote since."""
        ...

    @property
    def created(self) -> float:
        """When it was taken."""
        ...


class Memory(Struct, frozen=True):
    """What a broken rollout would otherwise have forgotten.

    Attributes:
        outgoing: why each outgoing replica goes, by full ID.
        wanted: how many replicas each service shall have.
        back_to: the image that a rollback of each service goes to: once it serves, nobody could
            tell from the history which version was meant.
        before: full IDs of the containers that each service had at the beginning.
        broke_off: a rollout was cut off: what nginx runs may be something else than its files say.
        mending: a `sync` is at work, so that the same is true once it has been cut off.
    """

    outgoing: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, int] = field(default_factory=dict)
    back_to: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Sequence[str]] = field(default_factory=dict)
    broke_off: bool = False
    mending: bool = False

    def merged(self, other: Memory) -> Memory:
        """Both; of what differs the other's."""
        return Memory(
            {**self.outgoing, **other.outgoing},
            {**self.wanted, **other.wanted},
            {**self.back_to, **other.back_to},
            {**self.before, **other.before},
            self.broke_off or other.broke_off,
            self.mending or other.mending,
        )

    def about(self, service: str) -> Memory:
        """What one lock of several is there to remember: the others' services have theirs.

        What is known of another one may be long out of date, where somebody has finished that one
        alone; and what of it is gone says nothing about how far this one came. An outgoing
        container that none of them had at the beginning, as one of an earlier rollout that broke
        off, may be this one's: it stays, and is looked up before anything is done to it.
        """
        others = {one for name, ids in self.before.items() if name != service for one in ids}
        return replace(
            self,
            outgoing={one: why for one, why in self.outgoing.items() if one not in others},
            wanted=_of(service, self.wanted),
            back_to=_of(service, self.back_to),
            before=_of(service, self.before),
        )

    def at_least(self, counts: Mapping[str, int]) -> Memory:
        """The same with no fewer replicas: a `scale` that broke off is not to beat the file."""
        wanted = {name: max(many, counts.get(name, 0)) for name, many in self.wanted.items()}
        return replace(self, wanted=wanted)


def _of(service: str, known: Mapping[str, T]) -> Mapping[str, T]:
    return {name: value for name, value in known.items() if name == service}


class Note(Struct, frozen=True):
    """What a holder writes into its lock.

    Attributes:
        beat: the last sign of life, in seconds of the engine's clock.
        ended: the holder is gone, and left something half-done or could not release the lock.
    """

    beat: float
    ended: bool = False
    memory: Memory = field(default_factory=Memory)

    def to_json(self) -> str:
        """As it stands in a lock."""
        return json.dumps(to_builtins(self))


def read_note(lock: Found) -> Note:
    """A lock's note; one that was never written, or was cut off, is as old as the lock."""
    try:
        return convert(json.loads(lock.note), Note)
    except (ValueError, ValidationError):
        return Note(lock.created)


def is_abandoned(lock: Found, me: Holder, now: float) -> bool:
    """Whether nobody holds the lock any more.

    On the same machine the process table tells; from elsewhere, and where the table hides other
    users' processes, only silence does.
    """
    note, holder = read_note(lock), read_holder(lock.holder)
    if note.ended:
        return True
    lives = holder.lives(me) if holder else None
    return now - note.beat > LEASE if lives is None else not lives


class Held(Struct, frozen=True):
    """A lock in words.

    Attributes:
        who: `root@host (pid 7)`.
        since: for how long they have had it.
        command: what they run, empty where nobody knows.
        fate: what became of them, empty while they are at work.
        half_done: whether they left something to do there; it may be held beside another one.
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
    """A sentence for each holder, about all that they hold."""
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
    """Who holds it, since when, and what they run."""
    holder = read_holder(lock.holder)
    since = format_duration(round(now - lock.created))
    return Held(service_of(lock), whose(lock), since, holder.command if holder else "")


def whose(lock: Found) -> str:
    """`root@host (pid 7)`; of whom another version wrote otherwise, nobody knows more."""
    return str(read_holder(lock.holder) or "somebody")


def seen_by(lock: Found, me: Holder, now: float) -> Held:
    """The same, with what became of them where they broke off."""
    held = held_by(lock, now)
    if not is_abandoned(lock, me, now):
        return held
    left = read_note(lock).memory != Memory()
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
    """The service whose lock it is; a service's name may hold dots, a project's never does."""
    return lock.name.split(".", 2)[2]


def lock_name(project: str, service: str) -> str:
    """The lock of one service."""
    return f"composeroll-lock.{project}.{service}"


def left_name(project: str, service: str) -> str:
    """What a broken rollout of a service left, on its way from one lock to the next."""
    return f"composeroll-left.{project}.{service}"


def left_beside(lock: str) -> str:
    """The same, from the lock's name."""
    return left_name(*lock.split(".", 2)[1:])
