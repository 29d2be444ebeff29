"""Where the rollout's seconds went, from the events it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Spent(NamedTuple):
    """A part of the rollout as its own words name it, and its seconds."""

    what: str
    seconds: float


def read(events: Path) -> list[dict[str, Any]]:
    """The events of `composeroll update --events FILE`; none where it ended before the first."""
    if not events.exists():
        return []
    lines = events.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def spent(events: Iterable[dict[str, Any]]) -> Iterator[Spent]:
    """What a person waited for: the phases, and of the one that changes things its steps."""
    title, told = "", 0.0
    for event in events:
        match event["event"]:
            case "phase_started":
                title = event["title"]
            case "phase_ended" if event["phase"] != "apply":
                told += event["seconds"]
                yield Spent(title, event["seconds"])
            case "step_ended":
                told += event["seconds"]
                yield Spent(event["step"], event["seconds"])
            case "finished":
                yield Spent(
                    "start, compose's reading of the file, all else", event["seconds"] - told
                )
                yield Spent("from start to end", event["seconds"])
