"""The locks that one run holds: written to while the run lasts, and released at its end."""

from __future__ import annotations

import threading
from contextlib import suppress

from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Interrupted
from composeroll.rollout.lock.door import Locks
from composeroll.rollout.lock.note import Intent, Note


class OwnLocks:
    """The locks of one run, and the intent that is written into them.

    Attributes:
        rolled: the IDs of the locks of services that this run rolls, by lock name.
        beside: the same for services that it does not roll, and that no other run may roll.
        intent: what is written into the locks of `rolled`.
        interrupted: a signal that arrived while the locks were released.
    """

    def __init__(self, locks: Locks) -> None:
        self.rolled: dict[str, str] = {}
        self.beside: dict[str, str] = {}
        self.intent = Intent()
        self.interrupted: Interrupted | None = None
        self._locks = locks
        self._writing = threading.Lock()

    def beat(self) -> None:
        """Write a sign of life, from the heart's thread, unless the rollout is writing anyway."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            with suppress(Exception):  # the rollout notices at its next step
                self._write_what_is_held(ended=False)
        finally:
            self._writing.release()

    def write(self, *, ended: bool = False) -> None:
        """Write the intent into the locks."""
        with self._writing:
            self._write_what_is_held(ended=ended)

    def let_go(self, *, unfinished: bool) -> None:
        """Release the locks; unfinished work leaves its locks as notes for the next run."""
        if unfinished:
            try:
                self.write(ended=True)
            except Interrupted as signal:
                self.interrupted = signal
            except ComposerollError:
                pass  # the beat ends with this process, which marks the lock as abandoned
            self.rolled.clear()
        for held in (self.rolled, self.beside):
            while held:
                self._release(held.popitem()[1])

    def _write_what_is_held(self, *, ended: bool) -> None:
        """Write all locks, in one thread at a time: an older note must not replace a newer one."""
        note = Note(self._locks.now(), ended, self.intent).to_json()
        for name in tuple(self.rolled):
            self._write(name, self.rolled[name], note)
        alive = Note(self._locks.now()).to_json() if self.beside else ""
        for name in tuple(self.beside):
            self._write(name, self.beside[name], alive)

    def _write(self, name: str, container: str, note: str) -> None:
        """Write one lock; ignore one that is gone: `ServiceLocks.ensure` takes it again."""
        try:
            self._locks.write(container, note)
        except EngineError:
            if self._locks.id_of(name) == container:
                raise

    def _release(self, container: str) -> None:
        try:
            self._release_for_sure(container)
        except (EngineError, EngineUnreachable):  # a dead holder's lock is taken over
            nothing_left = Note(0.0, ended=True).to_json()
            with suppress(EngineError, EngineUnreachable):  # or finished work would look half-done
                self._locks.write(container, nothing_left)

    def _release_for_sure(self, container: str) -> None:
        try:
            self._locks.release(container)
        except Interrupted as signal:  # there is nothing left to interrupt
            self.interrupted = signal
            self._locks.release(container)
