"""docs/output.md is the contract of `--json`: it names all there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from composeroll.report.events import Event, Outcome, Phase, ReplicaRow, Stage
from composeroll.report.jsonlines import snake_case
from composeroll.report.status import Past, ReplicaStatus, ServiceStatus, Status

PAGE = (Path(__file__).parents[3] / "docs" / "output.md").read_text(encoding="utf-8")
ROWS = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize("kind", get_args(Event))
def test_every_event_is_documented_with_all_its_keys(kind: type[Event]) -> None:
    row = ROWS[snake_case(kind.__name__)]
    assert [key for key in kind.__struct_fields__ if f"`{key}`" not in row] == []


@pytest.mark.parametrize("words", [Outcome, Phase, Stage])
def test_every_word_is_documented(words: type[Outcome | Phase | Stage]) -> None:
    assert [word for word in words if f"`{word}`" not in PAGE] == []


@pytest.mark.parametrize(
    ("verb", "kinds"),
    [("status", (Status, ServiceStatus, ReplicaStatus)), ("history", (Past,))],
)
def test_an_answer_is_documented_with_all_its_keys_and_no_others(
    verb: str, kinds: tuple[type[Status | ServiceStatus | ReplicaStatus | Past], ...]
) -> None:
    named = set(re.findall(r"`(\w+)`", ROWS[verb])) - {verb}
    assert named == {key for kind in kinds for key in kind.__struct_fields__}


def test_every_key_of_a_replica_is_documented() -> None:
    row = ROWS["replicas_seen"]
    assert [key for key in ReplicaRow.__struct_fields__ if f"`{key}`" not in row] == []
