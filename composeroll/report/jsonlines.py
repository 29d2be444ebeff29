"""`--json`: each event is one line with one JSON object. The contract is docs/output.md."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import to_builtins

from composeroll.errors import UsageError
from composeroll.report.channel import Channel
from composeroll.report.events import Draining, Event
from composeroll.report.reporter import Reporter

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def utc_now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


def snake_case(name: str) -> str:
    """Return `step_started` for `StepStarted`."""
    return _WORD.sub("_", name).lower()


def event_json(event: Event, at: datetime) -> str:
    """Return one event as one line of JSON.

    It is ASCII, so it does not depend on the locale. `at` is written as RFC 3339, in UTC with
    milliseconds.
    """
    when = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    found = to_builtins(event)
    if isinstance(event, Draining):
        found["connections"] = dict(event.connections)
    return json.dumps({"event": snake_case(type(event).__name__), "at": when, **found})


class JsonReporter(Reporter):
    """Writes each event at once; safe to call from several threads."""

    def __init__(self, channel: Channel, now: Callable[[], datetime] = utc_now) -> None:
        self._channel = channel
        self._now = now
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Write one line."""
        with self._lock:
            self._channel.line(event_json(event, self._now()))


class JsonFile(JsonReporter):
    """`--events FILE`: the same lines, appended to a file, besides what the terminal shows.

    Raises:
        UsageError: the file cannot be opened for writing; this is checked before anything changes.
    """

    def __init__(self, target: Path, now: Callable[[], datetime] = utc_now) -> None:
        try:
            self._file = target.open("a", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--events cannot write {target}: {error.strerror}") from error
        super().__init__(Channel(self._file), now)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
