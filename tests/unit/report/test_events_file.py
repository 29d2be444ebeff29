"""`--events FILE`: what `--json` prints, kept in a file beside what people see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from composeroll.errors import UsageError
from composeroll.report.choose import Mode, reporter_for
from composeroll.report.jsonlines import snake_case
from tests.unit.report.sinks import Sink
from tests.unit.report.streams import events, updated


def record(file: Path) -> Sink:
    """One rollout with `--events`; what a person got to see."""
    seen = Sink()
    with reporter_for(Mode(events=file), Sink(), seen, {}) as reporter:
        for event in events(updated()):
            reporter(event)
    return seen


def test_the_file_gets_every_event_while_people_see_what_they_always_see(tmp_path: Path) -> None:
    seen = record(tmp_path / "events.jsonl")
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    names = [json.loads(line)["event"] for line in lines]
    assert names == [snake_case(type(event).__name__) for event in events(updated())]
    assert "updated" in seen.text
    assert '"event"' not in seen.text


def test_the_next_run_adds_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    record(file)
    once = len(file.read_text(encoding="utf-8").splitlines())
    record(file)
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2 * once


def test_a_file_that_cannot_be_written_is_found_out_before_anything_is_touched(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match="--events cannot write"):
        reporter_for(Mode(events=tmp_path / "missing" / "events.jsonl"), Sink(), Sink(), {})
