"""The demo tells the truth: its seconds add up, and its exit code is the clients' verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.demo.__main__ import verdict
from tests.demo.phases import Spent, read, spent
from tests.demo.play import Performance
from tests.load import Failure, Kind, Result
from tests.load.samples import Sample, Samples

EVENTS: list[dict[str, Any]] = [
    {"event": "phase_started", "phase": "pull", "title": "pull php-fpm"},
    {"event": "phase_ended", "phase": "pull", "seconds": 2.0},
    {"event": "phase_started", "phase": "apply", "title": "update php-fpm"},
    {"event": "step_started", "number": 1, "step": "create 2 replicas"},
    {"event": "step_ended", "number": 1, "step": "create 2 replicas", "seconds": 0.5},
    {"event": "phase_ended", "phase": "apply", "seconds": 0.75},
    {"event": "finished", "outcome": "updated", "seconds": 3.0},
]


def load(*outcomes: int) -> Result:
    """What clients saw, by the outcome of each request: 0 is a success."""
    samples = Samples()
    for outcome in outcomes:
        samples.add(Sample(1.0, 0.01, Kind.FRESH, outcome, 0))
    return Result(0.0, 2.0, samples, ("",))


def test_the_parts_of_a_rollout_add_up_to_its_seconds() -> None:
    *parts, whole = spent(EVENTS)
    assert sum(part.seconds for part in parts) == whole.seconds == 3.0


def test_what_changes_things_is_told_step_by_step() -> None:
    assert list(spent(EVENTS))[:2] == [Spent("pull php-fpm", 2.0), Spent("create 2 replicas", 0.5)]


def test_a_rollout_that_wrote_no_event_has_no_parts(tmp_path: Path) -> None:
    assert list(spent(read(tmp_path / "missing.jsonl"))) == []


@pytest.mark.parametrize(
    ("result", "rollout", "code"),
    [
        (load(0, 0), 0, 0),
        (load(0, Failure.RESET), 0, 1),
        (load(), 0, 1),
        (load(0, 0), 5, 5),
    ],
    ids=["all is well", "one lost request", "no request at all", "the rollout failed"],
)
def test_the_exit_code_is_zero_only_if_nothing_failed(
    result: Result, rollout: int, code: int
) -> None:
    assert verdict(Performance(result, (), rollout)) == code
