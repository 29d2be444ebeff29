"""An error becomes the end of a run without losing what it knows."""

from __future__ import annotations

import pytest

from composeroll.errors import (
    ComposerollError,
    EngineUnreachable,
    GatewayError,
    Interrupted,
    Locked,
    LockLost,
    Refused,
    RolledBack,
    UndoFailed,
    Unfinished,
)
from composeroll.report.ending import finished_by
from composeroll.report.events import Finished, Outcome
from composeroll.report.pen import Pen
from composeroll.report.plain_lines import Said, said
from composeroll.report.remarks import end_rows


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Refused("no"), Outcome.REFUSED),
        (Locked("no"), Outcome.REFUSED),
        (RolledBack("no"), Outcome.ROLLED_BACK),
        (Interrupted("no", signum=2), Outcome.ROLLED_BACK),
        (Unfinished("no"), Outcome.UNFINISHED),
        (UndoFailed("no"), Outcome.UNFINISHED),
        (LockLost("no"), Outcome.UNFINISHED),
        (EngineUnreachable("no"), Outcome.FAILED),
        (GatewayError("no"), Outcome.FAILED),
    ],
)
def test_each_error_has_its_outcome(error: ComposerollError, outcome: Outcome) -> None:
    assert finished_by(error, 1.0).outcome is outcome


def test_everything_the_error_holds_is_told() -> None:
    error = RolledBack("it died", serving="the old ones", help="look", evidence=("line",))
    expected = Finished(Outcome.ROLLED_BACK, "it died", 2.5, "the old ones", "look", ("line",))
    assert finished_by(error, 2.5) == expected


@pytest.mark.parametrize(
    ("outcome", "text", "plain"),
    [
        (Outcome.UP_TO_DATE, "app, php-fpm: up to date", "app, php-fpm (1.5s)"),
        (Outcome.WATCH_ENDED, "watch ended", "(1.5s)"),
        (Outcome.UPDATED, "app runs 5f425c410deb", "app runs 5f425c410deb (1.5s)"),
        (Outcome.FAILED, "the image failed", "the image failed (1.5s)"),
    ],
)
def test_an_outcome_is_told_once(outcome: Outcome, text: str, plain: str) -> None:
    end = Finished(outcome, text, 1.5)
    assert list(said(end)) == [Said(outcome, plain)]
    row = end_rows(end, Pen(90))[1].plain.split()
    assert row[1:] == [*outcome.split(), *plain.removesuffix("(1.5s)").split(), "1.5s"]
