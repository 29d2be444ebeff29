"""The events that a running composeroll has written so far to its `--events` file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def read_events(events: Path) -> Iterator[Mapping[str, Any]]:
    """Yield its events so far; none if there is no file yet, and no half-written line."""
    text = events.read_text(encoding="utf-8") if events.exists() else ""
    yield from map(json.loads, text[: text.rfind("\n") + 1].splitlines())


def steps(events: Path) -> list[str]:
    """The steps that have begun, in order."""
    return [event["step"] for event in read_events(events) if event["event"] == "step_started"]
