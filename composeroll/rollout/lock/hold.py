"""Take the locks of a rollout's services, keep them alive, and give them up.

A lock also remembers what nobody could observe after a crash: which replicas were to go, and how
many were wanted. Whoever takes over a broken rollout goes on with that.
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
from composeroll.rollout.lock.mine import Mine
from composeroll.rollout.lock.note import (
    Found,
    Held,
    Memory,
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
    """The locks of one run."""

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
        self._mine = Mine(locks)
        self._leave = self._was_gone = False
        self._waited: set[str] = set()
        self._beat_due = 0.0

    @contextmanager
    def hold(
        self, services: Sequence[str], patience: float = 0.0, beside: Sequence[str] = ()
    ) -> Iterator[Memory]:
        """Hold the services' locks; what comes out is what broken rollouts of them left to do.

        Args:
            services: their names.
            patience: seconds to wait for whoever has them.
            beside: services that are not rolled, but that nobody else may roll meanwhile.

        Raises:
            Locked: somebody has one, or left something half-done in one of those beside.
        """
        deadline = self._clock.now() + patience
        self._was_gone = False
        self._mine.memory, self._leave = Memory(), False  # who stays holds one lock after another
        done = False
        try:
            # always in the same order, so that two runs cannot wait for each other
            for service in sorted({*services, *beside}):
                take = self._take if service in services else self._take_beside
                take(lock_name(self._project, service), deadline)
            with self._heart(self._mine.beat):
                yield self._mine.memory
                done = True
        except ComposerollError as error:
            if done and isinstance(error, Interrupted):  # there is nothing left to interrupt
                self._mine.interrupted = error
                return
            if isinstance(error, Unfinished):  # what came past the line is nobody's to take back
                self._mine.memory = replace(self._mine.memory, before={})
            self._mine.let_go(unfinished=self._leaves_something(error))
            raise
        except Exception:  # a bug: nobody knows what it has left undone
            self._mine.let_go(unfinished=self._mine.memory != Memory())
            raise
        finally:
            self._mine.let_go(unfinished=self._leave)

    def _leaves_something(self, error: ComposerollError) -> bool:
        """Who loses one lock of several takes nothing back: the others' services stay half-done."""
        known = self._mine.memory
        return (
            error.half_done or known.broke_off or (isinstance(error, Locked) and known != Memory())
        )

    @property
    def interrupted(self) -> Interrupted | None:
        """A signal that came as locks were let go: it ends who stays, and nothing that is done."""
        return self._mine.interrupted

    def leave_to_others(self) -> None:
        """Keep what a broken rollout left for the next one, instead of forgetting it at the end."""
        self._leave = True

    def remember(self, memory: Memory, *, anew: bool = False) -> Memory:
        """Write down what is to be done, together with what was taken over.

        What was taken over holds, since what runs after a crash says too much; but not over what
        was asked for `anew`.

        Raises:
            Locked: somebody else has a lock now.
        """
        self._take_again_what_is_gone()
        left = self._mine.memory
        both = left.merged(memory) if anew else memory.merged(left)
        self._mine.memory = replace(both, before={**memory.before, **left.before})
        self._mine.write()
        return self._mine.memory

    def ensure(self) -> bool:
        """Still hold every lock, before something is done that cannot be taken back.

        Returns:
            Whether they were held all the time, since this was asked last: one that was pruned is
            taken again.

        Raises:
            Locked: somebody else has one now.
        """
        self._take_again_what_is_gone()
        all_along, self._was_gone = not self._was_gone, False
        return all_along

    def broke_off(self, services: Sequence[str]) -> bool:
        """Whether a rollout of one of these services was cut off, and nobody has taken over yet."""
        names = self._names(services)
        found = [self._locks.find(name) for name in names]
        now = self._locks.now()
        return any(lock and is_abandoned(lock, self._me, now) for lock in found)

    def describe(self) -> tuple[Held, ...]:
        """Who holds which service of the project."""
        now, found = self._locks.now(), self._locks.of_project(self._project)
        return tuple(seen_by(lock, self._me, now) for lock in found)

    def break_open(self, services: Sequence[str]) -> tuple[Held, ...]:
        """Take the services' locks away from whoever has them; who that was.

        What a run that broke off left half-done stays known to the next one, until that note is
        released as well.
        """
        now = self._locks.now()
        broken = [self._break(service, now) for service in services]
        return tuple(held for held in broken if held)

    def _break(self, service: str, now: float) -> Held | None:
        """Who had it; half-done is what they left where that is still known now."""
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
        """Of the services' locks, and of what was set aside of broken ones."""
        named = (lock_name, left_name)
        return tuple(name(self._project, service) for service in services for name in named)

    def _take_again_what_is_gone(self) -> None:
        """It is for `ensure` to tell that there was a gap, whoever has noticed; raises the same."""
        mine = {**self._mine.rolled, **self._mine.beside}
        gone = [name for name in mine if self._locks.id_of(name) != mine[name]]
        theirs = {name: found for name in gone if (found := self._locks.find(name))}
        for name in (name for name in gone if name not in theirs):
            self._take_again(name)
        if theirs:  # only now: what is known of the other services stands in their locks again
            raise taken_over(next(iter(theirs.values())))

    def _take_again(self, name: str) -> None:
        self._was_gone = True
        take = self._take_beside if name in self._mine.beside else self._take
        try:
            take(name, self._clock.now())
        except Locked as locked:
            if theirs := self._locks.find(name):  # they came between the look and the claim
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
        """Take the lock of a service that is not rolled: there is nothing to be done for it.

        What somebody left half-done there is not taken over, but has to be finished first.
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
                if read_note(found).memory != Memory():
                    raise half_done(found)
                self._locks.release(found.id)
            else:
                self._wait_for(found, deadline)

    def _wait_for(self, found: Found, deadline: float) -> None:
        """A moment, and say once for whom."""
        if self._clock.now() >= deadline:
            raise held(found, self._locks.now())
        if found.id not in self._waited:
            self._waited.add(found.id)
            self._emit(Noted(f"waiting: {held_by(found, self._locks.now())}"))
        self._clock.wait(POLL)
        self._show_life()

    def _show_life(self) -> None:
        """In the locks that it has already: no heart beats before it has all of them."""
        if (self._mine.rolled or self._mine.beside) and self._clock.now() >= self._beat_due:
            self._beat_due = self._clock.now() + BEAT
            with suppress(EngineError, EngineUnreachable):
                self._mine.write()

    def _take_over(self, found: Found) -> None:
        """Set the broken lock aside with its note, by its ID: of two that try at once one claims.

        Its note must outlive this process too, which may be killed at any point. One that holds
        nothing belonged to somebody who died before they could inherit, or could not release it.
        """
        note, left = read_note(found), self._locks.find(left_beside(found.name))
        if note.memory == Memory() and (left or note.ended):
            self._locks.release(found.id)
        else:
            self._set_aside(found)
        self._emit(Noted(f"taking over from {whose(found)}, whose rollout broke off"))

    def _set_aside(self, found: Found) -> None:
        """In the place of an older note, which it has inherited."""
        left = self._locks.find(left_beside(found.name))
        if left and left.id != found.id:
            self._locks.release(left.id)
        self._locks.set_aside(found.id, left_beside(found.name))

    def _inherit(self, aside: str) -> None:
        """What a broken rollout left is written down anew before the old note goes."""
        if left := self._locks.find(aside):
            broken = read_note(left).memory.about(service_of(left)).merged(Memory(broke_off=True))
            broken = replace(broken, mending=False)  # it broke off, which says as much
            self._mine.memory = self._mine.memory.merged(broken)
        if self._mine.memory != Memory():
            self._mine.write()
        if left:
            self._locks.release(left.id)
