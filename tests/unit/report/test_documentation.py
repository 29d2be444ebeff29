"""docs/output.md is the contract of `--json`: it names all there is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from composeroll.report.events import Event, Outcome, Phase, ReplicaRow, Stage
from composeroll.report.jsonlines import snake_case

PAGE = (Path(__file__).parents[3] / "docs" / "output.md").read_text(encoding="utf-8")
ROWS = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize("kind", get_args(Event))
def test_every_event_is_documented_with_all_its_keys(kind: type[Event]) -> None:
    row = ROWS[snake_case(kind.__name__)]
    assert [f.name for f in fields(kind) if f"`{f.name}`" not in row] == []


@pytest.mark.parametrize("words", [Outcome, Phase, Stage])
def test_every_word_is_documented(words: type[Outcome | Phase | Stage]) -> None:
    assert [word for word in words if f"`{word}`" not in PAGE] == []


def test_every_key_of_a_replica_is_documented() -> None:
    row = ROWS["replicas_seen"]
    assert [f.name for f in fields(ReplicaRow) if f"`{f.name}`" not in row] == []
