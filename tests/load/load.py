"""The load as a synchronous test or demo uses it: in a process of its own, watched by a thread."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.load.export import decode
from tests.load.measures import Mark
from tests.load.mix import Mix
from tests.load.recorder import clock
from tests.load.result import Result
from tests.load.run import HARD_LIMIT, Ending
from tests.load.snapshot import Snapshot
from tests.load.target import parse_target

_ROOT = Path(__file__).resolve().parents[2]
_START_TIMEOUT = 15.0
_STOP_MARGIN = 10.0


class LoadError(Exception):
    """The load is no witness: it was not there all the time."""


class LoadDiedError(LoadError):
    """The load's process ended without a result."""

    def __init__(self, returncode: int | None, stderr: str) -> None:
        super().__init__(f"the load process died, code {returncode}: {stderr[-2000:] or 'silent'}")
        self.returncode = returncode
        self.stderr = stderr


class LoadOverError(LoadError):
    """The load ran into its limit while the test still went on."""

    def __init__(self, limit: float) -> None:
        super().__init__(f"the load stopped by itself after its limit of {limit:g} s")
        self.limit = limit


class Load:
    """Clients at work from `with Load(url, mix) as load:` until the end of the block.

    `limit` is the seconds after which the load ends by itself (at most HARD_LIMIT): generous for
    the test at hand, since running into it raises LoadOverError. Every method raises LoadDiedError
    once the process is dead, and so does leaving the block. Raises NotLoopbackError, a ValueError,
    for any target off this machine.
    """

    def __init__(self, url: str, mix: Mix | None = None, *, limit: float = 300.0) -> None:
        parse_target(url)
        self._mix, self._limit = mix or Mix(), min(limit, HARD_LIMIT)
        self._orders = {"url": url, "mix": self._mix.to_json(), "limit": self._limit}
        self._marks: list[Mark] = []
        self._news = threading.Condition()
        self._snapshot: Snapshot | None = None
        self._result: dict[str, Any] | None = None
        self._ended = False
        self._process: subprocess.Popen[str] | None = None
        self._stderr: IO[str] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start the process; return once its clients are at work."""
        self._stderr = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.worker", json.dumps(self._orders)],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            # Ctrl-C belongs to the test: the load then ends with its stdin, not in mid-request.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        try:
            self.until(lambda _: True, _START_TIMEOUT)
        except BaseException:
            self._end(kill=True)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the load; raises LoadError where it did not last, unless the block itself failed."""
        try:
            self._end()
            if kind is None:
                self.result()
        finally:
            self._close()

    @property
    def pid(self) -> int:
        """Return the load process's ID."""
        return self._running().pid

    def mark(self, name: str) -> float:
        """Note that something happens now; return when (monotonic s)."""
        self._check()
        self._marks.append(Mark(name, clock()))
        return self._marks[-1].at

    def snapshot(self) -> Snapshot:
        """Return the state as of at most 0.2 s ago."""
        with self._news:
            self._check()
            return self._snapshot or Snapshot()

    def until(self, reached: Callable[[Snapshot], bool], timeout: float) -> Snapshot:
        """Wait for a snapshot for which `reached` holds; raises TimeoutError after `timeout` s."""
        with self._news:
            done = self._news.wait_for(
                lambda: self._ended or (self._snapshot is not None and reached(self._snapshot)),
                timeout,
            )
            self._check()
            if not done:
                raise TimeoutError(f"after {timeout:g} s the load is at {self._snapshot}")
            return self._snapshot or Snapshot()

    def after_requests(self, more: int, timeout: float = 60.0) -> Snapshot:
        """Wait until `more` requests have ended from now on; raises TimeoutError."""
        goal = self.snapshot().total + more
        return self.until(lambda snapshot: snapshot.total >= goal, timeout)

    def result(self) -> Result:
        """Stop the load if it still runs, and return all it saw."""
        self._end()
        self._check()
        if self._result is None:
            raise self._death()
        return decode(self._result["result"], self._marks)

    def _read(self, process: subprocess.Popen[str]) -> None:
        """In the reader's thread: take what the process says until it says no more."""
        if process.stdout is None:
            return
        for line in process.stdout:
            message = _parsed(line)
            with self._news:
                if "snapshot" in message:
                    self._snapshot = Snapshot.from_json(message["snapshot"])
                elif "result" in message:
                    self._result = message
                self._news.notify_all()
        process.wait()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _check(self) -> None:
        """Raise LoadError if the load ended otherwise than it should."""
        process = self._running()
        if self._ended and (self._result is None or process.returncode != 0):
            raise self._death()
        if self._result is not None and self._result["ending"] == Ending.LIMIT:
            raise LoadOverError(self._limit)

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("the load has not been started: use `with Load(...)`")
        return self._process

    def _death(self) -> LoadDiedError:
        text = ""
        if self._stderr is not None and not self._stderr.closed:
            self._stderr.seek(0)
            text = self._stderr.read()
        return LoadDiedError(self._running().returncode, text)

    def _end(self, *, kill: bool = False) -> None:
        """Let the process finish its requests and wait for it; kill it if that takes too long."""
        process = self._running()
        if process.stdin is not None and not process.stdin.closed:
            process.stdin.close()
        if kill:
            process.kill()
        if self._reader is None:
            return
        self._reader.join(self._mix.connect_timeout + self._mix.timeout + _STOP_MARGIN)
        if self._reader.is_alive():
            process.kill()
            self._reader.join()

    def _close(self) -> None:
        process = self._running()
        for stream in (process.stdin, process.stdout, self._stderr):
            if stream is not None:
                stream.close()


def _parsed(line: str) -> dict[str, Any]:
    """Return the line's object; a line cut short by a kill is none, and the end tells the rest."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
