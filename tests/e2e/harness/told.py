"""What a run that goes on has told so far, in the file of its `--events`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def told(events: Path) -> Iterator[Mapping[str, Any]]:
    """Its events so far; of a line that is being written nothing, nor of a file not there yet."""
    text = events.read_text(encoding="utf-8") if events.exists() else ""
    yield from map(json.loads, text[: text.rfind("\n") + 1].splitlines())


def steps(events: Path) -> list[str]:
    """The steps that have begun, in order."""
    return [event["step"] for event in told(events) if event["event"] == "step_started"]
