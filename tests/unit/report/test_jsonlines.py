"""`--json`: every event, every field, one object a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from inline_snapshot import snapshot

from composeroll.report.channel import Channel
from composeroll.report.events import Draining, Event, StepStarted
from composeroll.report.jsonlines import JsonReporter, event_json
from tests.unit.report.sinks import NOON, Sink, noon
from tests.unit.report.streams import events, rolled_back, updated


def parsed(found: list[Event]) -> list[dict[str, Any]]:
    """The events through the reporter and back."""
    sink = Sink()
    with JsonReporter(Channel(sink), now=noon) as reporter:
        for event in found:
            reporter(event)
    return [json.loads(line) for line in sink.text.splitlines()]


@pytest.mark.parametrize("stream", [events(updated()), events(rolled_back())])
def test_every_event_is_one_line_with_all_its_fields(stream: list[Event]) -> None:
    lines = parsed(stream)
    assert len(lines) == len(stream)
    for line, event in zip(lines, stream, strict=True):
        assert set(line) == {"event", "at"} | set(event.__struct_fields__)
        assert line["at"] == "2026-03-01T12:00:00.000Z"


def test_names_and_keys_stay_as_documented() -> None:
    step = StepStarted(1, 8, "start 2 replicas", "the image moved")
    found = [json.loads(event_json(e, NOON)) for e in (step, Draining(1, (("app-1", 2),)))]
    assert found == snapshot(
        [
            {
                "event": "step_started",
                "at": "2026-03-01T12:00:00.000Z",
                "number": 1,
                "total": 8,
                "step": "start 2 replicas",
                "reason": "the image moved",
            },
            {
                "event": "draining",
                "at": "2026-03-01T12:00:00.000Z",
                "workers": 1,
                "connections": {"app-1": 2},
            },
        ]
    )
