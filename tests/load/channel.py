"""The load's process as its parent holds it: started, listened to by a thread, ended, buried."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.load.run import Ending
from tests.load.snapshot import Snapshot

_ROOT = Path(__file__).resolve().parents[2]


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


class Channel:
    """A running load process; `orders` are those of `worker`. All methods are thread-safe."""

    def __init__(self, orders: Mapping[str, Any]) -> None:
        self._limit = float(orders["limit"])
        self._news = threading.Condition()
        self._snapshot: Snapshot | None = None
        self._result: dict[str, Any] | None = None
        self._ended = False
        self._complaint = ""
        self._stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115 (the reading thread closes it)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.worker", json.dumps(orders)],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            # Ctrl-C belongs to the test: the load then ends with its stdin, not in mid-request.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def check(self) -> None:
        """Raise LoadError if the load ended otherwise than it should."""
        if self._ended and (self._result is None or self.process.returncode != 0):
            raise LoadDiedError(self.process.returncode, self._complaint)
        if self._result is not None and self._result["ending"] == Ending.LIMIT:
            raise LoadOverError(self._limit)

    def wait(self, reached: Callable[[Snapshot], bool], patience: float) -> Snapshot:
        """Return the first snapshot for which `reached` holds; raises TimeoutError, LoadError."""

        def known() -> bool:
            return self._ended or (self._snapshot is not None and reached(self._snapshot))

        with self._news:
            self._news.wait_for(known, patience)
            self.check()
            if self._snapshot is None or not reached(self._snapshot):
                state = "over" if self._ended else f"not further after {patience:g} s"
                raise TimeoutError(f"the load is {state}, at {self._snapshot}")
            return self._snapshot

    def finish(self, patience: float) -> dict[str, Any]:
        """Stop the load, wait for what it saw, `patience` seconds at most; raises LoadError."""
        self.end(patience)
        self.check()
        if self._result is None:
            raise LoadDiedError(self.process.returncode, self._complaint)
        result: dict[str, Any] = self._result["result"]
        return result

    def end(self, patience: float) -> None:
        """Stop the load; kill its process if it is not gone after `patience` seconds."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self._reader.join(patience)
        if self._reader.is_alive():
            self.process.kill()
            self._reader.join()

    def _read(self) -> None:
        if self.process.stdout is None:
            return
        with self.process.stdout as lines:
            for line in lines:
                self._take(_parsed(line))
        self.process.wait()
        with self._stderr as text:
            text.seek(0)
            self._complaint = text.read()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _take(self, message: Mapping[str, Any]) -> None:
        with self._news:
            if "snapshot" in message:
                self._snapshot = Snapshot.from_json(message["snapshot"])
            elif "result" in message:
                self._result = dict(message)
            self._news.notify_all()


def _parsed(line: str) -> dict[str, Any]:
    """Return the line's object; a line cut short by a kill is none, and the end tells the rest."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
