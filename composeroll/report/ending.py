"""An error as the last event of a run, so that every renderer can show it."""

from __future__ import annotations

from composeroll.errors import (
    ComposerollError,
    Interrupted,
    Locked,
    LockLost,
    Refused,
    RolledBack,
    UndoFailed,
    Unfinished,
    UsageError,
)
from composeroll.report.events import Finished, Outcome

OUTCOMES: tuple[tuple[type[ComposerollError], Outcome], ...] = (
    (Refused, Outcome.REFUSED),
    (Locked, Outcome.REFUSED),
    (UsageError, Outcome.REFUSED),
    (RolledBack, Outcome.ROLLED_BACK),
    (Interrupted, Outcome.ROLLED_BACK),
    (Unfinished, Outcome.UNFINISHED),
    (UndoFailed, Outcome.UNFINISHED),
    (LockLost, Outcome.UNFINISHED),
)
"""Any other error is `failed`."""


def finished_by(error: ComposerollError, seconds: float) -> Finished:
    """Return the last event of a run that `error` ended, `seconds` after the process started."""
    found = (outcome for kind, outcome in OUTCOMES if isinstance(error, kind))
    return Finished(
        outcome=next(found, Outcome.FAILED),
        text=error.what,
        seconds=seconds,
        serving=error.serving or "",
        help=error.help or "",
        evidence=error.evidence,
    )
