"""Mutants of functions: tests are collected once, and every mutant is tried in a fork of that."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType

import pytest

from tests.mutation.mutants import Mutant

PATIENCE = 120.0
"""Seconds, at least, after which a mutant counts as noticed: a loop that does not end would be.

More where the tests take long as they are: a machine with other work is no loop.
"""
NOTICED = "noticed"
SURVIVED = "survived"
UNTRIED = "not tried"
"""What becomes of a mutant that could not be put in place: no test has seen it."""

Tell = Callable[[Mutant, str], None]


@dataclass(frozen=True, slots=True)
class _Try:
    """One mutant's fork.

    Attributes:
        end: what it writes the name of the test to that noticed it, and closes.
    """

    mutant: Mutant | None
    pid: int
    end: int
    deadline: float


class Forks:
    """A pytest plugin that tries mutants where pytest would run the tests."""

    def __init__(self, mutants: Sequence[Mutant], jobs: int, tell: Tell) -> None:
        self._left = list(reversed(mutants))
        self._jobs = jobs
        self._patience = PATIENCE
        self._tell = tell
        self._noticed_by: defaultdict[str, list[str]] = defaultdict(list)
        self._callers: dict[str, list[str]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all, some side by side."""
        began = time.monotonic()
        said = _read_to_its_end(self._begin(session, None))
        self._patience = patience_after(time.monotonic() - began)
        if not said.startswith("{"):
            raise pytest.UsageError(f"before anything is changed: {said}")
        self._callers = json.loads(said)
        running: dict[int, _Try] = {}
        while self._left or running:
            while self._left and len(running) < self._jobs:
                begun = self._begin(session, self._left.pop())
                running[begun.end] = begun
            for end in _ended(running):
                self._conclude(running.pop(end))
        return True

    def _begin(self, session: pytest.Session, mutant: Mutant | None) -> _Try:
        reads, writes = os.pipe()
        if pid := os.fork():
            os.close(writes)
            return _Try(mutant, pid, reads, time.monotonic() + self._patience)
        try:
            _be_silent()
            said = self._noticed(session, mutant) if mutant else json.dumps(_callers(session))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it was noticed
            said = f"{type(error).__name__}: {error}"
        try:
            with os.fdopen(writes, "w", encoding="utf-8") as end:
                end.write(said)
        finally:
            os._exit(0)

    def _noticed(self, session: pytest.Session, mutant: Mutant) -> str:
        """The name of the test that notices it: those are asked first that noticed others.

        Empty where none does; UNTRIED and why where it could not be put in place.
        """
        try:
            put(mutant)
        except Exception as error:  # noqa: BLE001 - whatever it is, it says nothing of the tests
            return f"{UNTRIED} ({type(error).__name__}: {error})"
        rank = {name: place for place, name in enumerate(self._noticed_by[mutant.path])}
        callers = set(self._callers.get(f"{mutant.path}:{mutant.function}", ()))
        items = [item for item in session.items if item.nodeid in callers]
        ran = _run(sorted(items, key=lambda item: rank.get(item.nodeid, len(rank))))
        return next((item.nodeid for item in ran if session.testsfailed), "")

    def _conclude(self, tried: _Try) -> None:
        assert tried.mutant
        if time.monotonic() >= tried.deadline:
            os.kill(tried.pid, signal.SIGKILL)
            end = f"{NOTICED} (it did not end)"
        else:
            end = SURVIVED
        name = _read_to_its_end(tried)
        if name.startswith(UNTRIED):
            end = name
        elif name:
            end = NOTICED
            known = self._noticed_by[tried.mutant.path]
            if name in known:
                known.remove(name)
            known.insert(0, name)
        self._tell(tried.mutant, end)


def patience_after(seconds: float) -> float:
    """How long a mutant may take where the tests took so many seconds without one."""
    return max(PATIENCE, 2 * seconds)


def put(mutant: Mutant) -> None:
    """Give the functions of the mutant's module the code that they have in the mutant."""
    module = import_module(mutant.path.removesuffix(".py").replace("/", "."))
    codes = dict(_codes_in(compile(mutant.source, mutant.path, "exec")))
    for function in _functions_of(module):
        function.__code__ = codes[function.__code__.co_qualname]


def _codes_in(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner.co_qualname, inner
            yield from _codes_in(inner)


def _functions_of(module: ModuleType) -> Iterator[FunctionType]:
    file = Path(module.__file__ or "")
    found = {id(f): f for thing in _members(vars(module), module) for f in _unwrapped(thing)}
    yield from (f for f in found.values() if Path(f.__code__.co_filename) == file)


def _members(names: Mapping[str, object], module: ModuleType) -> Iterator[object]:
    for thing in names.values():
        yield thing
        if isinstance(thing, type) and thing.__module__ == module.__name__:
            yield from _members(vars(thing), module)


def _unwrapped(thing: object) -> Iterator[FunctionType]:
    """The functions behind properties, class methods, and decorators that tell what they wrap."""
    for name in ("fget", "fset", "__func__", "__wrapped__"):
        if (inner := getattr(thing, name, None)) is not None:
            yield from _unwrapped(inner)
    if isinstance(thing, FunctionType):
        yield thing


def _callers(session: pytest.Session) -> Mapping[str, Sequence[str]]:
    """By function, as `path:Class.method`, the tests that call it."""
    callers: defaultdict[str, list[str]] = defaultdict(list)
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "composeroll" in frame.f_code.co_filename:
            called.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    for item in _run(session.items):
        assert not session.testsfailed, f"{item.nodeid} fails"
        for code in called.copy():  # a thread may still add to it
            path = os.path.relpath(code.co_filename)
            callers[f"{path}:{code.co_qualname}"].append(item.nodeid)
        called.clear()
    return callers


def _run(items: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    """Run tests; each comes out once it has run."""
    for item, after in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        yield item


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)


def _ended(running: Mapping[int, _Try]) -> Sequence[int]:
    """Of these the ones that are through, or have had their time; at least one."""
    first = min(one.deadline for one in running.values())
    ready, _, _ = select.select([*running], [], [], max(0.0, first - time.monotonic()))
    late = [end for end, one in running.items() if one.deadline <= time.monotonic()]
    return [*{*ready, *late}]


def _read_to_its_end(tried: _Try) -> str:
    with os.fdopen(tried.end, encoding="utf-8") as end:
        said = end.read()
    os.waitpid(tried.pid, 0)
    return said
