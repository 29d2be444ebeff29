"""The locks that one run holds: written to while it lasts, and given up in the end."""

from __future__ import annotations

import threading
from contextlib import suppress

from composeroll.errors import ComposerollError, EngineError, EngineUnreachable, Interrupted
from composeroll.rollout.lock.door import Locks
from composeroll.rollout.lock.note import Memory, Note


class Mine:
    """What one run holds.

    Attributes:
        rolled: the IDs of the locks of what is rolled, by their names.
        beside: of what is not rolled, but may not be rolled by anybody else meanwhile.
        memory: what is written into those that are rolled.
        interrupted: a signal that came as they were let go.
    """

    def __init__(self, locks: Locks) -> None:
        self.rolled: dict[str, str] = {}
        self.beside: dict[str, str] = {}
        self.memory = Memory()
        self.interrupted: Interrupted | None = None
        self._locks = locks
        self._writing = threading.Lock()

    def beat(self) -> None:
        """A sign of life, from the heart's thread; what the rollout writes just now is one too."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            with suppress(Exception):  # the rollout itself finds out, at its next step
                self._write_what_is_held(ended=False)
        finally:
            self._writing.release()

    def write(self, *, ended: bool = False) -> None:
        """Write down what is to be remembered."""
        with self._writing:
            self._write_what_is_held(ended=ended)

    def let_go(self, *, unfinished: bool) -> None:
        """Release; something half-done leaves its lock as a note to whoever comes next."""
        if unfinished:
            try:
                self.write(ended=True)
            except Interrupted as signal:
                self.interrupted = signal
            except ComposerollError:
                pass  # the beat ends with this process, and tells as much
            self.rolled.clear()
        for held in (self.rolled, self.beside):
            while held:
                self._release(held.popitem()[1])

    def _write_what_is_held(self, *, ended: bool) -> None:
        """One thread at a time: else an older note could be written over a newer one."""
        note = Note(self._locks.now(), ended, self.memory).to_json()
        for name in tuple(self.rolled):
            self._write(name, self.rolled[name], note)
        alive = Note(self._locks.now()).to_json() if self.beside else ""
        for name in tuple(self.beside):
            self._write(name, self.beside[name], alive)

    def _write(self, name: str, container: str, note: str) -> None:
        """Into one lock; one that is gone is no obstacle to the others: it is taken again soon."""
        try:
            self._locks.write(container, note)
        except EngineError:
            if self._locks.id_of(name) == container:
                raise

    def _release(self, container: str) -> None:
        try:
            self._release_for_sure(container)
        except (EngineError, EngineUnreachable):  # a dead holder's lock is no obstacle
            nothing_left = Note(0.0, ended=True).to_json()
            with suppress(EngineError, EngineUnreachable):  # else what is done would seem half-done
                self._locks.write(container, nothing_left)

    def _release_for_sure(self, container: str) -> None:
        try:
            self._locks.release(container)
        except Interrupted as signal:  # there is nothing left to interrupt
            self.interrupted = signal
            self._locks.release(container)
