"""`-q`: only warnings, and the end of a run that did not succeed."""

from __future__ import annotations

from composeroll.report.events import Event, Finished, Outcome, Planned, Warned
from composeroll.report.plain import PlainReporter

GOOD = frozenset({Outcome.UPDATED, Outcome.UP_TO_DATE, Outcome.PLANNED, Outcome.WATCH_ENDED})


class QuietReporter(PlainReporter):
    """Plain lines for what must not be missed, and for a plan that is the command's result."""

    def __call__(self, event: Event) -> None:
        """Write the event if `-q` shows it."""
        if self._shows(event):
            super().__call__(event)

    def _shows(self, event: Event) -> bool:
        if isinstance(event, Finished):
            return event.outcome not in GOOD
        return isinstance(event, Warned) or (isinstance(event, Planned) and self._data is not None)
