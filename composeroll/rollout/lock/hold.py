"""Take the locks of a rollout's services, keep them alive, and release them.

A lock also records what cannot be observed after a crash: which replicas were to go, and how many
were wanted. The run that takes over a broken rollout continues from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from msgspec.structs import replace

from composeroll.errors import (
    ComposerollError,
    EngineError,
    EngineUnreachable,
    Interrupted,
    Locked,
    Unfinished,
)
from composeroll.report.events import Emit, Noted
from composeroll.rollout.lock.door import Locks
from composeroll.rollout.lock.heart import BEAT, Heart, beating
from composeroll.rollout.lock.holder import Holder
from composeroll.rollout.lock.mine import OwnLocks
from composeroll.rollout.lock.note import (
    Found,
    Held,
    Intent,
    held_by,
    is_abandoned,
    left_beside,
    left_name,
    lock_name,
    read_note,
    seen_by,
    service_of,
    whose,
)
from composeroll.rollout.lock.refusals import STAYS, half_done, held, taken_over
from composeroll.rollout.world import Clock

POLL = 0.5
"""Seconds between two attempts while waiting for a lock."""


class ServiceLocks:
    """Takes, keeps and releases the locks of one run."""

    def __init__(
        self,
        locks: Locks,
        project: str,
        me: Holder,
        clock: Clock,
        emit: Emit,
        heart: Heart = beating,
    ) -> None:
        self._heart = heart
        self._locks = locks
        self._project = project
        self._me = me
        self._clock = clock
        self._emit = emit
        self._mine = OwnLocks(locks)
        self._leave = self._was_gone = False
        self._waited: set[str] = set()
        self._beat_due = 0.0

    @contextmanager
    def hold(
        self, services: Sequence[str], patience: float = 0.0, beside: Sequence[str] = ()
    ) -> Iterator[Intent]:
        """Hold the services' locks, and yield what broken rollouts of them left to do.

        Args:
            services: their names.
            patience: seconds to wait for another run that holds one.
            beside: services that this run does not roll, and that no other run may roll now.

        Raises:
            Locked: another run holds one, or left a service of `beside` half-done.
        """
        deadline = self._clock.now() + patience
        self._was_gone = False
        self._mine.intent, self._leave = Intent(), False  # for `sync --watch`
        done = False
        try:
            # always in the same order, so that two runs cannot wait for each other
            for service in sorted({*services, *beside}):
                take = self._take if service in services else self._take_beside
                take(lock_name(self._project, service), deadline)
            with self._heart(self._mine.beat):
                yield self._mine.intent
                done = True
        except ComposerollError as error:
            if done and isinstance(error, Interrupted):  # there is nothing left to interrupt
                self._mine.interrupted = error
                return
            if isinstance(error, Unfinished):  # past the point of no return, nothing is rolled back
                self._mine.intent = replace(self._mine.intent, before={})
            self._mine.let_go(unfinished=self._leaves_something(error))
            raise
        except Exception:  # a bug: what it left undone is unknown
            self._mine.let_go(unfinished=self._mine.intent != Intent())
            raise
        finally:
            self._mine.let_go(unfinished=self._leave)

    def _leaves_something(self, error: ComposerollError) -> bool:
        """Whether services stay half-done: a run that loses one of several locks undoes nothing."""
        known = self._mine.intent
        return (
            error.half_done or known.broke_off or (isinstance(error, Locked) and known != Intent())
        )

    @property
    def interrupted(self) -> Interrupted | None:
        """A signal that arrived while the locks were released: it only has a watch to end."""
        return self._mine.interrupted

    def leave_to_others(self) -> None:
        """Keep what a broken rollout left for the next run, instead of forgetting it at the end."""
        self._leave = True

    def record_intent(self, intent: Intent, *, overrule: bool = False) -> Intent:
        """Write into the locks what is to be done, together with what was taken over.

        If the two differ, what was taken over wins, since what still runs after a crash is not
        reliable; with `overrule`, the new request wins.

        Raises:
            Locked: another run holds one of the locks now.
        """
        self._take_again_what_is_gone()
        left = self._mine.intent
        both = left.merged(intent) if overrule else intent.merged(left)
        self._mine.intent = replace(both, before={**intent.before, **left.before})
        self._mine.write()
        return self._mine.intent

    def ensure(self) -> bool:
        """Make sure that this run holds every lock, and take a lock that was pruned again.

        Returns:
            Whether all locks were held without a gap since the last call.

        Raises:
            Locked: another run holds one of the locks now.
        """
        self._take_again_what_is_gone()
        all_along, self._was_gone = not self._was_gone, False
        return all_along

    def broke_off(self, services: Sequence[str]) -> bool:
        """Whether a rollout of one of these services broke off and was not taken over yet."""
        names = self._names(services)
        found = [self._locks.find(name) for name in names]
        now = self._locks.now()
        return any(lock and is_abandoned(lock, self._me, now) for lock in found)

    def describe(self) -> tuple[Held, ...]:
        """Return who holds which service of the project."""
        now, found = self._locks.now(), self._locks.of_project(self._project)
        return tuple(seen_by(lock, self._me, now) for lock in found)

    def break_open(self, services: Sequence[str]) -> tuple[Held, ...]:
        """Release the services' locks, whoever holds them, and return the former holders.

        What a broken run left half-done stays known to the next run, until a second call releases
        that note too.
        """
        now = self._locks.now()
        broken = [self._break(service, now) for service in services]
        return tuple(held for held in broken if held)

    def _break(self, service: str, now: float) -> Held | None:
        """Release one lock; the result is half-done if the note about it was kept."""
        lock, left = map(self._locks.find, self._names([service]))
        found = lock or left
        if not found:
            return None
        seen = seen_by(found, self._me, now)
        if lock and seen.half_done:
            self._set_aside(lock)
        else:
            self._locks.release(found.id)
        return replace(seen, half_done=bool(lock and (left or seen.half_done)))

    def _names(self, services: Sequence[str]) -> tuple[str, ...]:
        """The names of the services' locks, and of notes set aside from broken rollouts."""
        named = (lock_name, left_name)
        return tuple(name(self._project, service) for service in services for name in named)

    def _take_again_what_is_gone(self) -> None:
        """Take pruned locks again, and leave it to `ensure` to report the gap; raise as it does."""
        mine = {**self._mine.rolled, **self._mine.beside}
        gone = [name for name in mine if self._locks.id_of(name) != mine[name]]
        theirs = {name: found for name in gone if (found := self._locks.find(name))}
        for name in (name for name in gone if name not in theirs):
            self._take_again(name)
        if theirs:  # raised last: the notes of the other services are in their locks again
            raise taken_over(next(iter(theirs.values())))

    def _take_again(self, name: str) -> None:
        self._was_gone = True
        take = self._take_beside if name in self._mine.beside else self._take
        try:
            take(name, self._clock.now())
        except Locked as locked:
            if theirs := self._locks.find(name):  # taken between the lookup and the claim
                raise taken_over(theirs) from locked
            locked.serving = STAYS
            raise

    def _take(self, name: str, deadline: float) -> None:
        while True:
            claimed = self._locks.claim(name, self._project, self._me.to_json())
            if claimed:
                self._mine.rolled[name] = claimed
                self._inherit(left_beside(name))
                return
            if (found := self._locks.find(name)) is None:
                continue
            if is_abandoned(found, self._me, self._locks.now()):
                self._take_over(found)
            else:
                self._wait_for(found, deadline)

    def _take_beside(self, name: str, deadline: float) -> None:
        """Take the lock of a service that this run does not roll.

        A broken rollout of that service is not taken over: the user has to finish it first.
        """
        while True:
            if left := self._locks.find(left_beside(name)):
                raise half_done(left)
            claimed = self._locks.claim(name, self._project, self._me.to_json())
            if claimed:
                self._mine.beside[name] = claimed
                return
            if (found := self._locks.find(name)) is None:
                continue
            if is_abandoned(found, self._me, self._locks.now()):
                if read_note(found).intent != Intent():
                    raise half_done(found)
                self._locks.release(found.id)
            else:
                self._wait_for(found, deadline)

    def _wait_for(self, found: Found, deadline: float) -> None:
        """Wait for `POLL` seconds, and report once which run holds the lock."""
        if self._clock.now() >= deadline:
            raise held(found, self._locks.now())
        if found.id not in self._waited:
            self._waited.add(found.id)
            self._emit(Noted(f"waiting: {held_by(found, self._locks.now())}"))
        self._clock.wait(POLL)
        self._show_life()

    def _show_life(self) -> None:
        """Write into the locks taken so far: the heart starts only once all are taken."""
        if (self._mine.rolled or self._mine.beside) and self._clock.now() >= self._beat_due:
            self._beat_due = self._clock.now() + BEAT
            with suppress(EngineError, EngineUnreachable):
                self._mine.write()

    def _take_over(self, found: Found) -> None:
        """Set the broken lock aside with its note, by its ID: of two runs that try, one claims.

        The note must outlive this process too, which may be killed at any point. An empty note is
        from a run that died before it could inherit, or that could not release its lock.
        """
        note, left = read_note(found), self._locks.find(left_beside(found.name))
        if note.intent == Intent() and (left or note.ended):
            self._locks.release(found.id)
        else:
            self._set_aside(found)
        self._emit(Noted(f"taking over from {whose(found)}, whose rollout broke off"))

    def _set_aside(self, found: Found) -> None:
        """Rename the lock in place of an older note, which its holder had inherited."""
        left = self._locks.find(left_beside(found.name))
        if left and left.id != found.id:
            self._locks.release(left.id)
        self._locks.set_aside(found.id, left_beside(found.name))

    def _inherit(self, aside: str) -> None:
        """Write what a broken rollout left into the new lock before the old note is removed."""
        if left := self._locks.find(aside):
            broken = read_note(left).intent.about(service_of(left)).merged(Intent(broke_off=True))
            broken = replace(broken, repairing=False)  # `broke_off` implies the same
            self._mine.intent = self._mine.intent.merged(broken)
        if self._mine.intent != Intent():
            self._mine.write()
        if left:
            self._locks.release(left.id)
