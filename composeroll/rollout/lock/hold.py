"""Take the locks of a rollout's services, keep them alive, and give them up.

A lock also remembers what nobody could observe after a crash: which replicas were to go, and how
many were wanted. Whoever takes over a broken rollout goes on with that.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from composeroll.errors import (
    ComposerollError,
    EngineError,
    EngineUnreachable,
    Interrupted,
    Locked,
)
from composeroll.report.events import Emit, Noted
from composeroll.rollout.lock.holder import Holder, read_holder
from composeroll.rollout.lock.note import (
    Found,
    Memory,
    Note,
    held_by,
    is_abandoned,
    lock_name,
    read_note,
    service_of,
)
from composeroll.rollout.world import Clock

BEAT = 10.0
"""Seconds between two signs of life."""

POLL = 0.5
"""Seconds between two attempts while waiting for a lock."""


class Locks(Protocol):
    """Locks on the engine: see `composeroll.engine.locks`."""

    def claim(self, name: str, project: str, holder: str) -> str | None:
        """Take a lock; its ID, or None if somebody has it."""
        ...

    def find(self, name: str) -> Found | None:
        """The lock of that name, None where nobody has it."""
        ...

    def id_of(self, name: str) -> str | None:
        """The ID of the lock of that name."""
        ...

    def of_project(self, project: str) -> Sequence[Found]:
        """All locks of a project."""
        ...

    def write(self, container: str, note: str) -> None:
        """Write the holder's note."""
        ...

    def release(self, container: str) -> None:
        """Give a lock up, by its ID."""
        ...

    def now(self) -> float:
        """Seconds on the engine's own clock."""
        ...


class ServiceLocks:
    """The locks of one run."""

    def __init__(self, locks: Locks, project: str, me: Holder, clock: Clock, emit: Emit) -> None:
        self._locks = locks
        self._project = project
        self._me = me
        self._clock = clock
        self._emit = emit
        self._ids: dict[str, str] = {}
        self._memory = Memory()
        self._leave = False

    @contextmanager
    def hold(self, services: Sequence[str], patience: float = 0.0) -> Iterator[Memory]:
        """Hold the services' locks; what comes out is what broken rollouts of them left to do.

        Args:
            services: their names.
            patience: seconds to wait for whoever has them.

        Raises:
            Locked: somebody has one.
        """
        deadline = self._clock.now() + patience
        stop = threading.Event()
        beating = threading.Thread(target=self._beat, args=(stop,), daemon=True)
        try:
            # always in the same order, so that two runs cannot wait for each other
            for service in sorted(services):
                self._take(lock_name(self._project, service), deadline)
            beating.start()
            yield self._memory
        except ComposerollError as error:
            self._let_go(unfinished=error.half_done or self._memory.broke_off)
            raise
        finally:
            stop.set()
            if beating.is_alive():
                beating.join()
            self._let_go(unfinished=self._leave)

    def leave_to_others(self) -> None:
        """Keep what a broken rollout left for the next one, instead of forgetting it at the end."""
        self._leave = True

    def remember(self, memory: Memory) -> Memory:
        """Write down what is to be done, together with what was taken over.

        Of counts the older ones hold: what runs after a crash says too much.
        """
        self._memory = memory.merged(self._memory)
        self._write_all()
        return self._memory

    def ensure(self) -> None:
        """Still hold every lock, before something is done that cannot be taken back.

        A lock that was pruned is taken again.

        Raises:
            Locked: somebody else has one now.
        """
        for name, mine in self._ids.items():
            if self._locks.id_of(name) == mine:
                continue
            if found := self._locks.find(name):
                raise _taken_over(found)
            self._take(name, self._clock.now())

    def broke_off(self, services: Sequence[str]) -> bool:
        """Whether a rollout of one of these services was cut off, and nobody has taken over yet."""
        found = [self._locks.find(lock_name(self._project, name)) for name in services]
        now = self._locks.now()
        return any(lock and is_abandoned(lock, self._me, now) for lock in found)

    def describe(self) -> tuple[str, ...]:
        """Who holds which service of the project, a sentence each."""
        now = self._locks.now()
        return tuple(self._sentence(lock, now) for lock in self._locks.of_project(self._project))

    def break_open(self, services: Sequence[str]) -> tuple[str, ...]:
        """Take the services' locks away from whoever has them; a sentence for each."""
        now, names = self._locks.now(), {lock_name(self._project, name) for name in services}
        broken = [lock for lock in self._locks.of_project(self._project) if lock.name in names]
        for lock in broken:
            self._locks.release(lock.id)
        return tuple(self._sentence(lock, now) for lock in broken)

    def _sentence(self, lock: Found, now: float) -> str:
        if is_abandoned(lock, self._me, now):
            service = service_of(lock)
            return f"{held_by(lock, now)}; it broke off: `composeroll update {service}` finishes it"
        return held_by(lock, now)

    def _take(self, name: str, deadline: float) -> None:
        while True:
            claimed = self._locks.claim(name, self._project, self._me.to_json())
            if claimed:
                self._ids[name] = claimed
                if self._memory.broke_off:
                    self._write_all()
                return
            if (found := self._locks.find(name)) is None:
                continue
            if is_abandoned(found, self._me, self._locks.now()):
                self._take_over(found)
            elif self._clock.now() >= deadline:
                raise _held(found, self._locks.now())
            else:
                self._clock.wait(POLL)

    def _take_over(self, found: Found) -> None:
        """By its ID: of two that try at once, one deletes nothing and then finds the other's."""
        left = read_note(found).memory.merged(Memory(broke_off=True))
        self._memory = self._memory.merged(left)
        self._locks.release(found.id)
        self._emit(Noted(f"taking over from {read_holder(found.holder)}, whose rollout broke off"))

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(BEAT):
            with suppress(ComposerollError):  # the rollout itself finds out, at its next step
                self._write_all()

    def _write_all(self, *, ended: bool = False) -> None:
        note = Note(self._locks.now(), ended, self._memory).to_json()
        for container in self._ids.values():
            self._locks.write(container, note)

    def _let_go(self, *, unfinished: bool) -> None:
        """Release; something half-done leaves its lock as a note to whoever comes next."""
        if unfinished:
            with suppress(ComposerollError):
                self._write_all(ended=True)
            self._ids.clear()
        while self._ids:
            self._release(self._ids.popitem()[1])

    def _release(self, container: str) -> None:
        with suppress(EngineError, EngineUnreachable):  # a dead holder's lock is no obstacle
            try:
                self._locks.release(container)
            except Interrupted:
                self._locks.release(container)  # there is nothing left to interrupt


def _taken_over(lock: Found) -> Locked:
    return Locked(
        f"the lock {lock.name} was taken over by {read_holder(lock.holder)}",
        "nothing was taken back: the other run decides",
        "composeroll lock status",
    )


def _held(lock: Found, now: float) -> Locked:
    return Locked(
        held_by(lock, now),
        "nothing was touched",
        "wait for it with --lock-wait 10m; if you know that it is gone:"
        f" composeroll lock release {service_of(lock)}",
    )
